import Billing
import Foundation
import Logging
import Postgres
import Tenancy
import TestSupport
import Testing

/// Months that were closed by a release which knew nothing of API keys, caps and customers' addresses.
@Suite struct EarlierReleaseTests {
    private static let billed = TenantID(unchecked: "ten_00000000000000000000000001")
    private static let deleted = TenantID(unchecked: "ten_00000000000000000000000003")
    /// The first release had these.
    private static let migrations = 6
    private static let october = BillingMonth(of: LedgerScene.inOctober)

    /// What `usage close` of that release wrote, and what was there before. The third account was deleted afterward.
    private static let rows = """
        INSERT INTO tenants (id, name, plan, status, created_at) VALUES
            ('ten_00000000000000000000000001', 'Müller, "Söhne" & Co.', 'pro', 'active', '2026-01-05T08:00:00Z'),
            ('ten_00000000000000000000000002', 'Quiet Ltd', 'business', 'active', '2026-02-01T00:00:00Z'),
            ('ten_00000000000000000000000003', 'deleted', 'free', 'deleted', '2026-10-20T12:00:00Z');
        INSERT INTO deleted_tenant_names VALUES ('ten_00000000000000000000000003', '=cmd()');
        INSERT INTO usage_months (tenant_id, month, used_seconds, admissions) VALUES
            ('ten_00000000000000000000000001', '2026-10', 75001, 4),
            ('ten_00000000000000000000000002', '2026-10', 0, 0),
            ('ten_00000000000000000000000003', '2026-10', 101, 1);
        INSERT INTO jobs (tenant_id, id, status, created_at, completed_at, diarize, language_requested, metadata,
            max_duration_ms, source_type, samples_total)
        SELECT tenant, 'job_' || lpad(n::text, 26, '0'), 'completed', at::timestamptz, at::timestamptz, true, 'auto',
            metadata::json, 36000000, 'upload', seconds * 16000 - missing
        FROM (VALUES
            ('ten_00000000000000000000000001', 1, '2026-10-01T00:00:00Z', '{"project":"north"}', 72000, 15999),
            ('ten_00000000000000000000000001', 2, '2026-10-14T10:11:12.345Z', '{"project":"süd"}', 1, 1),
            ('ten_00000000000000000000000001', 3, '2026-10-15T10:11:12Z', '{}', 2900, 0),
            ('ten_00000000000000000000000001', 4, '2026-10-31T23:59:59.999Z', '{}', 100, 7),
            ('ten_00000000000000000000000003', 5, '2026-10-21T01:02:03Z', '{}', 101, 800)
        ) AS job (tenant, n, at, metadata, seconds, missing);
        INSERT INTO usage (tenant_id, month, admission, job_id, seconds, plan, included_seconds, accept_overage,
            rate_micros_per_minute, admitted_at, settled_at)
        SELECT tenant, '2026-10', admission, 'job_' || lpad(n::text, 26, '0'), seconds, plan, included, accept, rate,
            at::timestamptz, at::timestamptz + interval '1 hour'
        FROM (VALUES
            ('ten_00000000000000000000000001', 1, '2026-10-01T00:00:00Z', 1, 72000, 'pro', 72000, false, 40000),
            ('ten_00000000000000000000000001', 2, '2026-10-14T10:11:12.345Z', 2, 1, 'pro', 72000, true, 40000),
            ('ten_00000000000000000000000001', 3, '2026-10-15T10:11:12Z', 3, 2900, 'business', 72000, true, 20000),
            ('ten_00000000000000000000000001', 4, '2026-10-31T23:59:59.999Z', 4, 100, 'pro', 72000, true, 40000),
            ('ten_00000000000000000000000003', 5, '2026-10-21T01:02:03Z', 1, 101, 'free', 7200, false, NULL)
        ) AS record (tenant, n, at, admission, seconds, plan, included, accept, rate);
        INSERT INTO adjustments (tenant_id, month, amount_cents, reason, author) VALUES
            ('ten_00000000000000000000000001', '2026-10', -17, 'outage', 'otto'),
            ('ten_00000000000000000000000003', '2026-10', 5, 'paper', 'otto');
        INSERT INTO statement_lines VALUES
            ('ten_00000000000000000000000001', '2026-10', 1, 'business', 1200, 75001, 2900, 20000, 97, -17, 80),
            ('ten_00000000000000000000000001', '2026-10', 2, 'pro', 0, 0, 101, 40000, 7, 0, 7),
            ('ten_00000000000000000000000002', '2026-10', 1, 'business', 6000, 0, 0, 20000, 0, 0, 0),
            ('ten_00000000000000000000000003', '2026-10', 1, 'free', 120, 101, 0, NULL, 0, 5, 5);
        UPDATE usage_months SET closed_at = '2026-11-01T06:00:00.5Z';
        """

    /// As that release's `usage export` wrote it of these rows.
    private static let exported = """
        tenant_id,period,period_start,period_end,line,plan,included_minutes,used_seconds,used_minutes,overage_seconds,overage_minutes,rate_micros_per_minute,amount_cents,adjustments_cents,total_cents,amount,adjustments,total,currency,closed_at
        ten_00000000000000000000000001,2026-10,2026-10-01,2026-11-01,1,business,1200,75001,1250.02,2900,48.33,20000,97,-17,80,0.97,-0.17,0.80,USD,2026-11-01T06:00:00.500Z
        ten_00000000000000000000000001,2026-10,2026-10-01,2026-11-01,2,pro,0,0,0.00,101,1.68,40000,7,0,7,0.07,0.00,0.07,USD,2026-11-01T06:00:00.500Z
        ten_00000000000000000000000002,2026-10,2026-10-01,2026-11-01,1,business,6000,0,0.00,0,0.00,20000,0,0,0,0.00,0.00,0.00,USD,2026-11-01T06:00:00.500Z
        ten_00000000000000000000000003,2026-10,2026-10-01,2026-11-01,1,free,120,101,1.68,0,0.00,,0,5,5,0.00,0.05,0.05,USD,2026-11-01T06:00:00.500Z

        """

    /// Runs `body` on a database with those rows that has all migrations since.
    private static func withUpgraded(_ body: (PostgresPool) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let files = try FileManager.default.contentsOfDirectory(atPath: Checkout.migrations)
            .filter { $0.hasSuffix(".sql") && Int($0.prefix(4)).map { $0 <= migrations } ?? false }
        #expect(files.count == migrations)
        for file in files {
            try FileManager.default.copyItem(
                atPath: "\(Checkout.migrations)/\(file)", toPath: "\(folder.path)/\(file)")
        }
        try await withTestDatabase { database in
            try await Migrator(directory: folder.path).migrate(url: database.url, logger: Logger(label: "test"))
            let owner = database.pool()
            for statement in rows.split(separator: ";\n") {
                try await owner.execute(PostgresQuery(unescaped: String(statement)))
            }
            try await Migrator(directory: Checkout.migrations).migrate(url: database.url, logger: Logger(label: "test"))
            try await body(owner)
        }
    }

    @Test func `a month that an earlier release closed is exported the same, byte for byte`() async throws {
        try await Self.withUpgraded { (owner: PostgresPool) async throws in
            let text = try await owner.transaction(isolation: .repeatableRead) {
                let rows = try Statement.all(of: Self.october, in: $0).flatMap(\.rows)
                return ([CSV.header(Statement.columnNames)] + rows.map { CSV.row($0.map(\.cell)) }).joined()
            }
            #expect(text == Self.exported.replacing("\n", with: "\r\n"))
            let differences = try await owner.transaction(isolation: .repeatableRead) {
                try LedgerCheck.run(Self.october, in: $0)
            }
            #expect(differences.isEmpty, "\(differences)")
        }
    }

    @Test func `its statements keep the customer's name, also of a deleted account, whatever changes later`()
        async throws
    {
        try await Self.withUpgraded { (owner: PostgresPool) async throws in
            func name(_ tenant: TenantID) async throws -> String? {
                try await owner.transaction {
                    try StatementParties.of(tenant, month: Self.october, in: $0)?.customer.name
                }
            }
            #expect(try await name(Self.billed) == "Müller, \"Söhne\" & Co.")
            #expect(try await name(Self.deleted) == "=cmd()")
            try await owner.execute("UPDATE tenants SET name = 'Renamed' WHERE id = \(Self.billed)")
            #expect(try await name(Self.billed) == "Müller, \"Söhne\" & Co.")
            let parties = try await owner.query("SELECT count(*) FROM statement_parties")
            #expect(try parties[0].decode(Int.self) == 2)
        }
    }

    @Test func `its usage is found by day, by project, and by no key`() async throws {
        try await Self.withUpgraded { (owner: PostgresPool) async throws in
            func sums(_ grouping: UsageGrouping) async throws -> [String: Int64] {
                let groups = try await owner.transaction {
                    try UsageGroup.all(of: Self.october, tenant: Self.billed, by: grouping, in: $0)
                }
                return Dictionary(uniqueKeysWithValues: groups.map { ($0.value ?? "none", $0.usedSeconds) })
            }
            #expect(try await sums(.key) == ["none": 75_001])
            #expect(try await sums(.metadata("project")) == ["north": 72_000, "süd": 1, "none": 3_000])
            #expect(
                try await sums(.day) == [
                    "2026-10-01": 72_000, "2026-10-14": 1, "2026-10-15": 2_900, "2026-10-31": 100,
                ])
        }
    }
}
