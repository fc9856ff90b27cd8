import Logging
import Postgres
import TestSupport
import Testing

@Suite struct DatabaseRightsTests {
    private let logger = Logger.quiet

    @Test func `a freshly migrated database has the rights that rights.sql lists, and no others`() async throws {
        let migrator = try Migrator(directory: Checkout.migrations)
        try await withTestDatabase(migrations: Checkout.migrations) { database in
            let difference = try await migrator.rightsDifference(url: database.url, logger: logger)
            #expect(difference.missing == [])
            #expect(difference.surplus == [], "granted by a migration, but not in sql/rights.sql")
            #expect(difference.wanted > 200)
            // PUBLIC may enter the schema too, until somebody revokes that.
            let own = try await database.pool().query(
                """
                SELECT a.grantee::regrole::text FROM pg_namespace CROSS JOIN aclexplode(nspacl) a
                WHERE nspname = 'public' AND a.grantee <> 0 AND a.grantee <> nspowner ORDER BY 1
                """
            ).map { try $0.decode(String.self) }
            #expect(own == ["verbatim_app", "verbatim_system"])
        }
    }

    @Test(arguments: [
        "GRANT SELECT ON a, b TO verbatim_app;", "REVOKE SELECT ON a FROM verbatim_app;", "CREATE ROLE admin LOGIN;",
        "GRANT SELECT ON a TO verbatim_app; SELECT 1;", "CREATE POLICY own ON a USING (true);",
    ])
    func `a statement that grants no right is refused, not passed over`(sql: String) {
        #expect(throws: MigrationError.self) { try DatabaseRights(sql: sql) }
    }

    @Test func `a new table of tenants gets row-level security from its column, and policies from its grants`()
        async throws
    {
        let rights = try DatabaseRights(
            sql: """
                -- A comment; with a semicolon.
                CREATE ROLE verbatim_app NOLOGIN;
                CREATE ROLE verbatim_system NOLOGIN;
                GRANT SELECT ON mine TO verbatim_app;
                GRANT SELECT (tenant_id, n),
                    UPDATE (n) ON mine TO verbatim_system;
                """)
        try await withTestDatabase { database in
            let owner = database.pool()
            try await owner.execute("CREATE TABLE mine (tenant_id text, n int)")
            try await owner.execute("CREATE TABLE hidden (tenant_id text)")
            try await owner.execute("CREATE TABLE everyones (n int)")
            let missing = try await owner.transaction { try rights.difference(in: $0) }.missing
                .filter { !$0.hasPrefix("CREATE ROLE") }
            let ownRows = "(tenant_id = current_setting('verbatim.tenant'::text, true))"
            #expect(
                missing == [
                    "ALTER TABLE hidden ENABLE ROW LEVEL SECURITY", "ALTER TABLE hidden FORCE ROW LEVEL SECURITY",
                    "ALTER TABLE mine ENABLE ROW LEVEL SECURITY", "ALTER TABLE mine FORCE ROW LEVEL SECURITY",
                    "GRANT SELECT ON TABLE mine TO verbatim_app",
                    "GRANT SELECT (tenant_id) ON TABLE mine TO verbatim_system",
                    "GRANT SELECT (n) ON TABLE mine TO verbatim_system",
                    "GRANT UPDATE (n) ON TABLE mine TO verbatim_system",
                    "CREATE POLICY operator ON hidden AS PERMISSIVE FOR ALL TO CURRENT_USER USING (true) WITH CHECK (true)",
                    "CREATE POLICY operator ON mine AS PERMISSIVE FOR ALL TO CURRENT_USER USING (true) WITH CHECK (true)",
                    "CREATE POLICY own ON mine AS PERMISSIVE FOR ALL TO verbatim_app USING (\(ownRows))",
                    "CREATE POLICY every ON mine AS PERMISSIVE FOR ALL TO verbatim_system USING (true) WITH CHECK (true)",
                ])
        }
    }

    @Test func `what is missing is made anew, whatever it was, and nothing else is touched`() async throws {
        let migrator = try Migrator(directory: Checkout.migrations)
        try await withTestDatabase(migrations: Checkout.migrations) { database in
            let owner = database.pool()
            for statement in [
                "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM verbatim_app, verbatim_system",
                "REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM verbatim_app, verbatim_system",
                "REVOKE SELECT (id) ON jobs FROM verbatim_system",
                "ALTER TABLE jobs DISABLE ROW LEVEL SECURITY", "ALTER TABLE tasks NO FORCE ROW LEVEL SECURITY",
                "DROP POLICY operator ON tenants", "DROP POLICY own ON tenants",
                // One that says something else.
                "ALTER POLICY own ON transcripts USING (true)",
                "GRANT DELETE ON tenants TO verbatim_app",
            ] {
                try await owner.execute(PostgresQuery(unescaped: statement))
            }
            let refused = await #expect(throws: MigrationError.self) {
                try await migrator.requireCurrent(url: database.url, logger: logger)
            }
            #expect(refused?.description.contains("verbatim-admin migrate") == true)
            try await migrator.requireSchema(url: database.url, logger: logger)

            let mended = try await migrator.migrate(url: database.url, logger: logger).mended
            #expect(
                mended.contains(
                    "CREATE POLICY operator ON tenants AS PERMISSIVE FOR ALL TO CURRENT_USER USING (true) WITH CHECK (true)"
                ))
            #expect(mended.contains("ALTER TABLE jobs ENABLE ROW LEVEL SECURITY"))
            try await migrator.requireCurrent(url: database.url, logger: logger)
            #expect(try await migrator.migrate(url: database.url, logger: logger).mended == [])
            let after = try await migrator.rightsDifference(url: database.url, logger: logger)
            #expect(after.surplus == ["GRANT DELETE ON TABLE tenants TO verbatim_app"])
        }
    }
}
