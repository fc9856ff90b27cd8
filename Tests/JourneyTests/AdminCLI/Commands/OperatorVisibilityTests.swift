import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// Row-level security shows who sees one account at a time empty tables, and no error. So `verbatim-admin` asks first whom it speaks as.
@Suite struct OperatorVisibilityTests {
    private struct Dump: Decodable {
        let command: Node
    }

    private struct Node: Decodable {
        let commandName: String
        let subcommands: [Node]?

        let discussion: String?

        /// Each command without subcommands, with its words; `help` is the parser's own.
        func leaves(_ above: [String] = []) -> [(words: String, command: Node)] {
            guard let subcommands, !subcommands.isEmpty else { return [(above.joined(separator: " "), self)] }
            return subcommands.filter { $0.commandName != "help" }.flatMap { $0.leaves(above + [$0.commandName]) }
        }

        /// The words of the call that its help shows as an example, without what a shell would do with its output.
        var example: [String]? {
            guard let text = discussion?.split(separator: "Example:\n", maxSplits: 1).last,
                let line = text.split(separator: "\n").first?.split(separator: " > ").first
            else { return nil }
            return line.matches(of: /"([^"]*)"|(\S+)/).compactMap { ($0.output.1 ?? $0.output.2).map(String.init) }
        }
    }

    /// Every command that speaks about accounts, called as its help shows: a new command is called without a line here.
    private static func calls(_ olga: Operator) async throws -> [String: [String]] {
        let dump = try await olga.call("--experimental-dump-help")
        let leaves = try JSONDecoder().decode(Dump.self, from: Data(dump.output.utf8)).command.leaves()
        #expect(others.isSubset(of: leaves.map(\.words)) && leaves.count >= 40)
        let key = try await olga.tenants.issueKey(for: olga.tenants.example).id.rawValue
        var calls: [String: [String]] = [:]
        for (words, command) in leaves where !others.contains(words) {
            let example = try #require(command.example, "\(words)")
            try #require(example.joined(separator: " ").hasPrefix("verbatim-admin \(words)"), "\(example)")
            calls[words] = example.dropFirst().map {
                $0.replacing("ten_01J…", with: olga.example).replacing(
                    "mem_01J…", with: "mem_01JZZZZZZZZZZZZZZZZZZZZZZZ"
                ).replacing("2oAwrY2V3oaQ", with: key)
                    .replacing("job_01J…", with: "job_01M838NEQVMJ0RCZR3A9GJMFEQ")
            }
        }
        // Its example asks what anybody may ask.
        calls["migrate"] = ["migrate"]
        return calls
    }

    /// What speaks about a node or the schema, and not about accounts.
    private static let others: Set<String> = ["doctor", "ytdlp status"]

    private static func with(_ body: (Operator) async throws -> Void) async throws {
        try await Operator.with { olga in
            let example = olga.tenants.example
            try await olga.tenants.owner.transaction { transaction in
                try transaction.execute("UPDATE tenants SET created_at = '2026-01-01T00:00:00Z'")
                try transaction.execute(
                    """
                    INSERT INTO usage_months (tenant_id, month, used_seconds, admissions)
                    VALUES (\(example), '2026-10', 667, 1)
                    """)
                try transaction.execute(
                    """
                    INSERT INTO usage (tenant_id, month, admission, job_id, seconds, plan, included_seconds, accept_overage,
                        rate_micros_per_minute, admitted_at)
                    VALUES (\(example), '2026-10', 1, 'job_01M838NEQVMJ0RCZR3A9GJMFE1', 667, 'pro', 600, true, 40000,
                        '2026-10-15T00:00:00Z')
                    """)
            }
            try await body(olga)
        }
    }

    /// A login of its own, made by `statements` about ROLE, and gone afterward.
    private static func login(
        _ olga: Operator, _ statements: String..., body: ([String: String]) async throws -> Void
    ) async throws {
        let name = "login_\(UInt64.random(in: 0 ... .max))"
        let owner = olga.tenants.owner
        for statement in ["CREATE ROLE ROLE_NAME LOGIN"] + statements {
            try await owner.execute("\(unescaped: statement.replacing("ROLE_NAME", with: name))")
        }
        var url = try #require(URLComponents(string: olga.tenants.database.url))
        url.user = name
        let setting = ["VERBATIM_DATABASE_URL": try #require(url.string)]
        do {
            try await body(setting)
        } catch {
            _ = try? await owner.execute("DROP OWNED BY \(unescaped: name)")
            _ = try? await owner.execute("DROP ROLE \(unescaped: name)")
            throw error
        }
        try await owner.execute("DROP OWNED BY \(unescaped: name)")
        try await owner.execute("DROP ROLE \(unescaped: name)")
    }

    @Test func `as the nodes' role every command that speaks about accounts refuses, and says whom to connect as`()
        async throws
    {
        try await Self.with { olga in
            let calls = try await Self.calls(olga)
            let owner = try await olga.tenants.owner.query("SELECT current_user::text")[0].decode(String.self)
            try await Self.login(olga, "GRANT verbatim_app, verbatim_system TO ROLE_NAME") { service in
                let settings = service.merging([
                    "VERBATIM_MASTER_KEY": String(repeating: "5e", count: 32),
                    "VERBATIM_MASTER_KEY_PREVIOUS": String(repeating: "5f", count: 32),
                ]) { $1 }
                for (command, arguments) in calls.sorted(by: { $0.key < $1.key }) {
                    let result = try await olga.call(arguments, settings)
                    #expect(result.status == 1, "\(command)")
                    #expect(result.output.isEmpty, "\(command): \(result.output)")
                    #expect(result.errors.contains("Connect as \(owner)"), "\(command): \(result.errors)")
                }
                // What is not hidden from anybody may be asked by anybody.
                #expect(try await olga.call(["migrate", "--status"], settings).status == 0)
            }
            #expect(try await olga.audit() == [])
            let state = try await olga.tenants.owner.query(
                """
                SELECT (SELECT count(*) FROM tenants WHERE status = 'active'), (SELECT count(*) FROM api_keys),
                    (SELECT count(*) FROM usage_months WHERE closed_at IS NOT NULL),
                    (SELECT count(*) FROM adjustments), (SELECT count(*) FROM quota_overrides)
                """)[0].decode(Int.self, Int.self, Int.self, Int.self, Int.self)
            #expect(state == (2, 1, 0, 0, 0))
        }
    }

    @Test func `a stranger to the database is refused as well`() async throws {
        try await Self.with { olga in
            try await Self.login(olga) { stranger in
                for arguments in [["usage", "report", "--period", "2026-10"], ["status"], ["tenant", "list"]] {
                    let result = try await olga.call(arguments, stranger)
                    #expect(result.status == 1 && result.output.isEmpty)
                    #expect(result.errors.contains("does not see every account"), "\(result.errors)")
                }
            }
        }
    }

    @Test
    func
        `whoever sees everything is answered as the owner is, by whatever name; and what it may not change, it does not`()
        async throws
    {
        try await Self.with { olga in
            let report = ["usage", "report", "--period", "2026-10", "--json"]
            let expected = try await olga.call(report)
            #expect(expected.status == 0 && expected.output.contains(#""overage_seconds":67"#))
            let owner = try await olga.tenants.owner.query("SELECT quote_ident(current_user)")[0].decode(String.self)
            try await Self.login(olga, "GRANT \(owner) TO ROLE_NAME") { member in
                let (reported, verified) = (
                    try await olga.call(report, member),
                    try await olga.call(["usage", "verify", "--period", "2026-10"], member)
                )
                #expect(reported.output == expected.output)
                // Its one job was deleted, so all agrees.
                #expect(verified.status == 0, "\(verified.output)")
            }
            try await Self.login(
                olga, "ALTER ROLE ROLE_NAME BYPASSRLS", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO ROLE_NAME"
            ) { reader in
                let reported = try await olga.call(report, reader)
                #expect(reported.output == expected.output)
                let change = try await olga.call(
                    ["quota", "set", "--tenant", olga.example, "--concurrency", "1"], reader)
                #expect(change.status == 1 && change.output.isEmpty)
                #expect(change.errors.contains("connect as the owner of the tables"), "\(change.errors)")
            }
            // Hidden in one table alone, it is hidden.
            try await Self.login(
                olga, "ALTER ROLE ROLE_NAME BYPASSRLS", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO ROLE_NAME",
                "REVOKE SELECT ON adjustments FROM ROLE_NAME"
            ) { reader in
                let refused = try await olga.call(report, reader)
                #expect(
                    refused.status == 1 && refused.errors.contains("rows of adjustments are hidden from it"),
                    "\(refused.errors)")
            }
        }
    }
}
