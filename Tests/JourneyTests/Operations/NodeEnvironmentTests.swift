import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// What is wrong around a node, a clock or a variable, and told by the node and by `doctor`.
@Suite struct NodeEnvironmentTests {
    private static func doctor(
        _ environment: [String: String], status: Int32
    ) async throws -> [DoctorReport.Check] {
        let result = try await Operator.call(["doctor", "--json"], settings: environment)
        #expect(result.status == status, "\(result.output)")
        return try DoctorReport(result).checks
    }

    /// Has the database tell another time to who asks for its clock.
    private static func shift(_ tenants: Tenants, by span: String) async throws {
        try await tenants.owner.transaction { transaction in
            try transaction.execute("CREATE SCHEMA IF NOT EXISTS shifted")
            try transaction.execute(
                """
                CREATE OR REPLACE FUNCTION shifted.clock_timestamp() RETURNS timestamptz LANGUAGE sql
                AS $$ SELECT pg_catalog.clock_timestamp() + interval '\(unescaped: span)' $$
                """)
            try transaction.execute("GRANT USAGE ON SCHEMA shifted TO verbatim_app, verbatim_system")
            try transaction.execute(
                "ALTER DATABASE \(unescaped: tenants.database.name) SET search_path = shifted, pg_catalog, public")
        }
    }

    @Test(
        arguments: [
            ("3 days", "fail", "3 days behind the database's"), ("-3 days", "fail", "3 days ahead of the database's"),
            ("2 minutes", "fail", "behind the database's"), ("20 seconds", "warn", "behind the database's"),
            ("0 seconds", "ok", "agree on the time"),
        ])
    func `a clock that is a little off is a warning, and one that is far off a failure`(
        _ span: String, _ state: String, _ text: String
    ) async throws {
        try await Deployment.with { deployment in
            try await Self.shift(deployment.tenants, by: span)
            let checks = try await Self.doctor(deployment.environment, status: state == "fail" ? 1 : 0)
            let clock = try #require(checks.first { $0.check == "clock" })
            #expect(clock.state == state)
            #expect(clock.message.contains(text), "\(clock.message)")
            guard state == "fail" else { return }
            let node = try await deployment.start("api")
            _ = try await node.process.log.line(with: "\"level\":\"error\"", text)
        }
    }

    @Test func `a variable that is no setting is told at the start and by doctor, with the one that may be meant`()
        async throws
    {
        try await Deployment.with { deployment in
            let slips = [
                "VERBATIM_WORKER_SLOT": "3", "VERBATIM_MASTERKEY_FILE": "/nowhere/hunter2", "VERBATIM_TEST_LIMIT": "1",
            ]
            let checks = try await Self.doctor(deployment.environment.merging(slips) { $1 }, status: 0)
            let told = checks.filter { $0.check == "unknown setting" }
            #expect(told.map(\.state) == ["warn", "warn"])
            #expect(
                told.map(\.message) == [
                    "VERBATIM_MASTERKEY_FILE is not a setting and has no effect; did you mean VERBATIM_MASTER_KEY_FILE?",
                    "VERBATIM_WORKER_SLOT is not a setting and has no effect; did you mean VERBATIM_WORKER_SLOTS?",
                ])
            let node = try await deployment.start("api", slips)
            _ = try await node.process.log.line(
                with: "\"level\":\"warning\"", "VERBATIM_WORKER_SLOT is not a setting",
                "did you mean VERBATIM_WORKER_SLOTS?")
            #expect(!node.process.log.lines.joined().contains("hunter2"))
        }
    }

    /// A setting that only counts under another's value is none the less one.
    @Test func `no setting that the documents name is taken for a slip`() async throws {
        let names = try String(contentsOfFile: Checkout.root + "/docs/self-hosting.md", encoding: .utf8)
            .matches(of: /\| `(VERBATIM_[A-Z_]+)` \|/).map { String($0.output.1) }
        #expect(names.count >= 20)
        for suffix in ["", "_FILE"] {
            var environment = Dictionary(uniqueKeysWithValues: names.map { ($0 + suffix, ",") })
            environment["VERBATIM_HOME"] = Checkout.root
            environment["VERBATIM_HOME_FILE"] = nil
            let checks = try await Self.doctor(environment, status: 1)
            #expect(checks.filter { $0.check == "unknown setting" }.map(\.message) == [])
        }
    }
}
