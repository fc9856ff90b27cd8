import Logging
import Postgres
import TestSupport
import Testing

@Suite struct DatabaseRightsTests {
    private let logger = Logger(label: "rights-tests") { _ in SwiftLogNoOpLogHandler() }

    /// After a new migration this says which lines `sql/rights.sql` lacks, or has too many.
    @Test func `rights.sql lists what the migrations make, all of it`() async throws {
        let migrator = try Migrator(directory: Checkout.migrations)
        try await withTestDatabase(migrations: Checkout.migrations) { database in
            let difference = try await migrator.rightsDifference(url: database.url, logger: logger)
            #expect(difference.missing == [], "too many in sql/rights.sql")
            #expect(difference.surplus == [], "add to sql/rights.sql")
            #expect(migrator.rights.lines.count > 200)
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

            let mended = try await migrator.repairRights(url: database.url, logger: logger)
            #expect(
                mended.contains(
                    "CREATE POLICY operator ON tenants AS PERMISSIVE FOR ALL TO CURRENT_USER USING (true) WITH CHECK (true)"
                ))
            #expect(mended.contains("ALTER TABLE jobs ENABLE ROW LEVEL SECURITY"))
            try await migrator.requireCurrent(url: database.url, logger: logger)
            #expect(try await migrator.repairRights(url: database.url, logger: logger) == [])
            let after = try await migrator.rightsDifference(url: database.url, logger: logger)
            #expect(after.surplus == ["GRANT DELETE ON TABLE tenants TO verbatim_app"])
        }
    }
}
