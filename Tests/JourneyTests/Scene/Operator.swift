import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// Olga, an operator: the real command line, with a migrated database that has two tenants.
struct Operator: Sendable {
    let tenants: Tenants

    static func with(plan: PlanName = .pro, _ body: (Operator) async throws -> Void) async throws {
        try await Tenants.with(plan: plan) { try await body(Operator(tenants: $0)) }
    }

    var example: String { tenants.example.rawValue }
    var other: String { tenants.other.rawValue }
    var environment: [String: String] { ["VERBATIM_DATABASE_URL": tenants.database.url, "USER": "olga"] }

    /// Calls `verbatim-admin` without a terminal.
    func call(_ arguments: String...) async throws -> Command.Result { try await call(arguments) }

    func call(_ arguments: [String], _ settings: [String: String] = [:]) async throws -> Command.Result {
        try await Self.call(arguments, settings: environment.merging(settings) { $1 })
    }

    /// Calls `verbatim-admin` with these settings only.
    static func call(_ arguments: [String], settings: [String: String]) async throws -> Command.Result {
        try await Command.run(
            Checkout.executable("verbatim-admin"), arguments, environment: ["USER": "olga"].merging(settings) { $1 })
    }

    /// Calls `verbatim-admin` on that database; nil: without a database.
    static func call(_ arguments: [String], url: String?, masterKey: String? = nil) async throws -> Command.Result {
        var settings: [String: String] = [:]
        settings["VERBATIM_DATABASE_URL"] = url
        settings["VERBATIM_MASTER_KEY"] = masterKey
        return try await call(arguments, settings: settings)
    }

    /// Calls `verbatim-admin` at a terminal and types `answer`. Output and questions come back as one text.
    func callAtTerminal(
        _ arguments: [String], typing answer: String, _ settings: [String: String] = [:]
    ) async throws -> Command.Result {
        // For a shell: the checkout's path may hold anything.
        let command = ([Checkout.executable("verbatim-admin")] + arguments)
            .map { "'" + $0.replacing("'", with: "'\\''") + "'" }.joined(separator: " ")
        return try await Command.run(
            "script", ["-qec", command, "/dev/null"],
            environment: environment.merging(settings.merging(["SHELL": "/bin/sh"]) { $1 }) { $1 },
            input: answer + "\n")
    }

    /// The output of a call with `--json` that must succeed.
    func object(_ arguments: String...) async throws -> [String: Any] {
        try #require(try await json(arguments) as? [String: Any])
    }

    func list(_ arguments: String...) async throws -> [[String: Any]] {
        try #require(try await json(arguments) as? [[String: Any]])
    }

    private func json(_ arguments: [String]) async throws -> Any {
        let result = try await call(arguments + ["--json"])
        try #require(result.status == 0, "\(result.errors)")
        #expect(result.errors.isEmpty)
        return try JSONSerialization.jsonObject(with: Data(result.output.utf8))
    }

    /// The audit log, oldest entry first: operator, action, target, details.
    func audit() async throws -> [String] {
        try await tenants.owner.query(
            "SELECT operator, action, coalesce(target, ''), details::text FROM audit_log ORDER BY id"
        ).map {
            let (name, action, target, details) = try $0.decode(String.self, String.self, String.self, String.self)
            return [name, action, target, details].filter { !$0.isEmpty && $0 != "{}" }.joined(separator: " | ")
        }
    }
}
