import Postgres
import TestSupport
import Testing

@Suite struct SchemaTests {
    @Test func `schema.sql is what the migrations make`() async throws {
        try await withTestDatabase(migrations: Checkout.migrations) { database in
            let result = try await Command.run(
                Checkout.root + "/scripts/lib/schema-sql", ["--check", database.url])
            #expect(result.status == 0, "\(result.errors)")
        }
    }

    @Test func `a schema that differs is found, and the sentence says what to run`() async throws {
        try await withTestDatabase(migrations: Checkout.migrations) { database in
            try await database.pool().execute("ALTER TABLE jobs ALTER COLUMN samples_processed SET DEFAULT 1")
            let result = try await Command.run(
                Checkout.root + "/scripts/lib/schema-sql", ["--check", database.url])
            #expect(result.status == 1)
            #expect(result.errors.contains("run scripts/lib/schema-sql"))
        }
    }
}
