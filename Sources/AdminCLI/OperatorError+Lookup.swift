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

    static func noKey(_ id: APIKeyID) -> OperatorError {
        OperatorError("there is no key \(id); see: verbatim-admin key list --tenant TENANT_ID")
    }
}
