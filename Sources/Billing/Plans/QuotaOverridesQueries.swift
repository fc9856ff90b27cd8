import Postgres
import Tenancy

extension QuotaOverrides {
    /// Returns the tenant's overrides.
    package static func of(_ tenant: TenantID, in transaction: PostgresTransaction) throws -> QuotaOverrides {
        try transaction.query("SELECT \(list { $0 }) FROM quota_overrides WHERE tenant_id = \(tenant)")
            .first.map(QuotaOverrides.init(row:)) ?? QuotaOverrides()
    }

    /// Sets the given fields for the tenant. The others stay as they are. Operators only.
    package func set(for tenant: TenantID, in transaction: PostgresTransaction) throws {
        let given =
            Limit.allCases.map { "\(limits[$0])" as PostgresQuery }
            + AccountSwitch.allCases.map { "\(switches[$0])" as PostgresQuery } + ["\(overageCapCents)"]
        try transaction.execute(
            """
            INSERT INTO quota_overrides AS own (tenant_id, \(Self.list { $0 }))
            VALUES (\(tenant), \(PostgresQuery(joining: given, separator: ", ")))
            ON CONFLICT (tenant_id) DO UPDATE SET \(Self.list { "\($0) = coalesce(excluded.\($0), own.\($0))" })
            """)
    }

    /// Removes the tenant's overrides of `fields`, so that the plan's limits apply again. Operators only.
    package static func clear(
        _ fields: Set<Field>, of tenant: TenantID, in transaction: PostgresTransaction
    ) throws {
        if fields.isEmpty { return }
        try transaction.execute(
            """
            UPDATE quota_overrides SET \(list(fields) { "\($0) = NULL" }) WHERE tenant_id = \(tenant)
            """)
    }

    /// Deletes the overrides of a deleted tenant. The included minutes stay as long as a month is open, because its statement shows them.
    /// Only the owner of the tables may do this.
    package static func forget(of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            DELETE FROM quota_overrides WHERE tenant_id = \(tenant) AND (monthly_minutes IS NULL OR NOT EXISTS (
                SELECT FROM usage_months m WHERE m.tenant_id = \(tenant) AND m.closed_at IS NULL))
            """)
        try clear(Set(Field.allCases).subtracting([.limit(.monthlyMinutes)]), of: tenant, in: transaction)
    }

    /// Returns `part` of each field's column, separated by commas, in the order of the fields.
    private static func list(
        _ fields: Set<Field> = Set(Field.allCases), _ part: (_ column: String) -> String
    ) -> PostgresQuery {
        let columns = Field.allCases.filter(fields.contains).map(\.column)
        return PostgresQuery(unescaped: columns.map(part).joined(separator: ", "))
    }

    private init(row: PostgresRow) throws {
        for limit in Limit.allCases { limits[limit] = try row.value(limit.column.description, Int64?.self) }
        for flag in AccountSwitch.allCases { switches[flag] = try row.value(flag.column.description, Bool?.self) }
        overageCapCents = try row.value(Field.overageCap.column)
    }
}
