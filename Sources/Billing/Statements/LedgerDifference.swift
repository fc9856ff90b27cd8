import Tenancy

/// One thing in which the ledger, the jobs and the statements differ.
package struct LedgerDifference: Sendable, Equatable, CustomStringConvertible {
    package let tenant: TenantID
    package let what: String
    package let expected: String
    package let found: String

    package var description: String { "\(tenant): \(what): expected \(expected), found \(found)" }
}
