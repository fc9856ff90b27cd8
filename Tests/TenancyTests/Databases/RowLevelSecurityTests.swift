import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct RowLevelSecurityTests {
    @Test func `every table that holds a tenant's data has row-level security, forced, with a policy`() async throws {
        try await Tenants.with { tenants in
            let open = try await tenants.owner.query(
                """
                SELECT c.relname FROM pg_class c
                WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
                    AND (c.relname = 'tenants' OR EXISTS (
                        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
                    AND NOT (c.relrowsecurity AND c.relforcerowsecurity
                        AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))
                """
            ).map { try $0.decode(String.self) }
            #expect(open == [])
            let guarded = try await tenants.owner.query(
                "SELECT count(*) FROM pg_class WHERE relforcerowsecurity AND relnamespace = 'public'::regnamespace"
            ).map { try $0.decode(Int.self) }
            #expect(guarded[0] >= 9)
        }
    }

    @Test func `a tenant's own rows are all that its role can see`() async throws {
        try await Tenants.with { tenants in
            let seen = try await tenants.databases.app.transaction(of: tenants.example) {
                try Tenant.all(in: $0).map(\.id)
            }
            #expect(seen == [tenants.example])
        }
    }

    @Test func `without a tenant the role sees nothing`() async throws {
        try await Tenants.with { tenants in
            let seen = try await tenants.databases.app.transaction { try Tenant.all(in: $0) }
            #expect(seen == [])
        }
    }

    @Test func `one transaction's tenant is not the next one's`() async throws {
        try await Tenants.with { tenants in
            for _ in 0..<20 {
                _ = try await tenants.databases.app.transaction(of: tenants.example) { try Tenant.all(in: $0) }
                let seen = try await tenants.databases.app.transaction { try Tenant.all(in: $0) }
                #expect(seen == [])
            }
        }
    }

    @Test(arguments: ["api_keys", "refresh_tokens", "jwt_keys", "audit_log"])
    func `a tenant's role cannot read what logins are made of`(table: String) async throws {
        try await Tenants.with { tenants in
            let error = await #expect(throws: PostgresError.self) {
                try await tenants.databases.app.transaction(of: tenants.example) {
                    try $0.query("SELECT * FROM \(unescaped: table)")
                }
            }
            #expect(error?.sqlState == "42501")
        }
    }

    @Test func `the roles own nothing and cannot bypass the policies`() async throws {
        try await Tenants.with { tenants in
            let powers = try await tenants.owner.query(
                """
                SELECT count(*) FROM pg_roles r WHERE r.rolname IN ('verbatim_app', 'verbatim_system')
                    AND NOT r.rolsuper AND NOT r.rolbypassrls AND NOT r.rolcreaterole AND NOT r.rolcreatedb AND NOT r.rolcanlogin
                    AND NOT EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid)
                """
            ).map { try $0.decode(Int.self) }
            #expect(powers == [2])
        }
    }

    @Test(arguments: ["UPDATE audit_log SET operator = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"])
    func `the audit log cannot be changed, not even by its owner`(statement: String) async throws {
        try await Tenants.with { tenants in
            let example = tenants.example
            try await tenants.owner.transaction {
                try AuditEntry(operator: "alice", action: "test", tenant: example).record(in: $0)
            }
            let error = await #expect(throws: PostgresError.self) {
                try await tenants.owner.execute("\(unescaped: statement)")
            }
            #expect(error?.sqlState == "42501")
        }
    }
}
