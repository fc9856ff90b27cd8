import Billing
import Postgres
import Tenancy

extension Tenant {
    /// Returns the tenant with this id. Throws an ``OperatorError`` if there is none.
    static func required(_ id: TenantID, in transaction: PostgresTransaction) throws -> Tenant {
        guard let tenant = try find(id, in: transaction) else { throw OperatorError.noTenant(id) }
        return tenant
    }

    /// The same, locked until the transaction ends. Throws, too, if the tenant was deleted: it cannot be changed any more.
    static func requiredForChange(_ id: TenantID, in transaction: PostgresTransaction) throws -> Tenant {
        guard let tenant = try lock(id, in: transaction) else { throw OperatorError.noTenant(id) }
        guard tenant.status != .deleted else { throw OperatorError.deletedTenant(id) }
        return tenant
    }
}

extension Plan {
    /// Returns the plan with this name, to which an account can be moved. Throws an ``OperatorError`` if there is none.
    @discardableResult
    static func requiredForSale(_ name: PlanName, in transaction: PostgresTransaction) throws -> Plan {
        guard let plan = try find(name, in: transaction) else { throw OperatorError.noPlan(name) }
        guard !plan.isRetired else { throw OperatorError.retiredPlan(name) }
        return plan
    }
}

extension APIKeyRecord {
    /// Returns the key with this id. Throws an ``OperatorError`` if there is none.
    static func required(_ id: APIKeyID, in transaction: PostgresTransaction) throws -> APIKeyRecord {
        guard let key = try find(id, in: transaction) else { throw OperatorError.noKey(id) }
        return key
    }

    /// The same, locked until the transaction ends.
    static func requiredForChange(_ id: APIKeyID, in transaction: PostgresTransaction) throws -> APIKeyRecord {
        guard let key = try lock(id, in: transaction) else { throw OperatorError.noKey(id) }
        return key
    }
}

extension OperatorError {
    static func noTenant(_ id: TenantID) -> OperatorError {
        OperatorError("there is no tenant \(id); see: verbatim-admin tenant list")
    }

    static func deletedTenant(_ id: TenantID) -> OperatorError {
        OperatorError("the account \(id) was deleted; that cannot be undone")
    }

    static func noPlan(_ name: PlanName) -> OperatorError {
        OperatorError("there is no plan \(name.rawValue); see: verbatim-admin plan list")
    }

    static func retiredPlan(_ name: PlanName) -> OperatorError {
        OperatorError("the plan \(name.rawValue) is retired; see: verbatim-admin plan list")
    }

    static func noKey(_ id: APIKeyID) -> OperatorError {
        OperatorError("there is no key \(id); see: verbatim-admin key list --tenant TENANT_ID")
    }
}
