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
    /// The row of a deleted account stays, without its name, because the ledger refers to it.
    case active, suspended, deleted
}

/// What a customer pays for. `Billing.Plan` has its limits.
package enum PlanName: String, Sendable, CaseIterable, PostgresCodable {
    case free, pro, business
}
