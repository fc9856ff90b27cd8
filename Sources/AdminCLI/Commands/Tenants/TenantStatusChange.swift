import Postgres
import Tenancy

/// What `tenant suspend` and `tenant resume` have in common. Repeating it changes nothing, and records nothing.
struct TenantStatusChange: Sendable {
    private let id: TenantID
    private let status: TenantStatus
    private let action: String
    private let operatorName: String

    init(id: TenantID, to status: TenantStatus, action: String, by operatorName: String) {
        self.id = id
        self.status = status
        self.action = action
        self.operatorName = operatorName
    }

    func run(_ operation: Operation, json: Bool, already: String, done: String) async throws {
        let change = self
        let (before, after) = try await operation.pool.transaction { transaction in
            let before = try Tenant.requiredForChange(change.id, in: transaction)
            if before.status != change.status {
                try before.become(change.status, in: transaction)
                try AuditEntry(operator: change.operatorName, action: change.action, tenant: change.id).record(
                    in: transaction)
            }
            return (before, try Tenant.required(change.id, in: transaction))
        }
        try Output.show(
            TenantRow(after), json: json,
            text: "\(id) (\(after.name)) is \(before.status == status ? already : done).")
    }
}
