import Postgres

/// A customer's account.
package struct Tenant: Sendable, Equatable {
    package let id: TenantID
    package let name: String
    package let plan: PlanName
    package let status: TenantStatus
    package let createdAt: Timestamp
}

package enum TenantStatus: String, Sendable, PostgresCodable {
    case active, suspended
}

/// What a customer pays for; `Billing.Plan` tells what it allows.
package enum PlanName: String, Sendable, CaseIterable, PostgresCodable {
    case free, pro, business
}
