import Postgres

/// A customer's account.
package struct Tenant: Sendable, Equatable {
    package let id: TenantID
    package let name: String
    package let plan: PlanName
    package let status: TenantStatus
    package let createdAt: Timestamp
}

package enum TenantStatus: String, Sendable, CaseIterable, PostgresCodable {
    /// A deleted account's row stays, without its name: the ledger refers to it.
    case active, suspended, deleted
}

/// What a customer pays for; `Billing.Plan` tells what it allows.
package enum PlanName: String, Sendable, CaseIterable, PostgresCodable {
    case free, pro, business
}
