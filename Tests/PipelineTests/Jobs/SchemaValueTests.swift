import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// The values of a column stand in its table's definition and in an enumeration.
@Suite struct SchemaValueTests {
    @Test func `a column takes what its enumeration spells, and nothing else`() async throws {
        let spelled: [String: [String]] = [
            "tenants.status": TenantStatus.allCases.map(\.rawValue), "jobs.status": JobStatus.allCases.map(\.rawValue),
            "tasks.kind": TaskKind.allCases.map(\.rawValue),
            "webhook_events.status": DeliveryStatus.allCases.map(\.rawValue),
        ]
        try await withTestDatabase(migrations: Checkout.migrations) { database in
            let checks = try await database.pool().query(
                """
                SELECT conrelid::regclass::text || '.' || attname, pg_get_constraintdef(c.oid)
                FROM pg_constraint c JOIN pg_attribute a ON attrelid = conrelid AND conkey = ARRAY[attnum]
                WHERE contype = 'c'
                """
            ).map { try $0.decode(String.self, String.self) }
            for (column, values) in spelled {
                let check = try #require(
                    checks.first { $0.0 == column && $0.1.contains("\(column.split(separator: ".")[1]) = ANY") })
                let taken = check.1.matches(of: /'([^']*)'/).map { String($0.1) }
                #expect(Set(taken) == Set(values), "\(column)")
            }
        }
    }

    @Test func `a column takes as much as the code lets through`() async throws {
        let most = [
            "jobs_metadata_check": JobOptions.longestMetadata,
            "jobs_speakers_expected_check": SpeakerCount.range.upperBound,
            "webhook_endpoints_url_check": WebhookAddress.longest,
        ]
        try await withTestDatabase(migrations: Checkout.migrations) { database in
            let pool = database.pool()
            for (constraint, number) in most {
                let checks = try await pool.query(
                    "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname::text = \(constraint)")
                let check = try #require(checks.first).decode(String.self)
                let taken = check.firstMatch(of: /<= (\d+)/).flatMap { Int($0.1) }
                #expect(taken == number, "\(constraint): \(check)")
            }
        }
    }
}
