import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// Tables at a terminal of a certain width, and where they go elsewhere.
@Suite struct TerminalTableTests {
    /// Lines as they stand on the screen.
    private static func lines(_ olga: Operator, _ arguments: [String], columns: Int) async throws -> [String] {
        let result = try await olga.callAtTerminal(arguments, typing: "", ["COLUMNS": "\(columns)"])
        #expect(result.status == 0, "\(result.output)")
        // What `script` passes on ends its lines as a terminal does, which Swift takes for one character.
        return result.output.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
    }

    /// An account of that name, with all that belongs to one.
    private static func open(_ name: String, _ olga: Operator) async throws -> String {
        let result = try await olga.call(
            ["tenant", "create", "--name", name, "--plan", "pro", "--json"],
            ["VERBATIM_MASTER_KEY": String(repeating: "00", count: 32)])
        let answer = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        return try #require(answer?["tenant_id"] as? String, "\(result.errors)")
    }

    private static let name = "The Society for the Recording of Very Long Names and of Their Transcripts, Limited"

    @Test func `at a terminal of 80 columns long columns are broken at spaces, and nothing is lost`() async throws {
        try await Operator.with { olga in
            let id = try await Self.open(Self.name, olga)
            let lines = try await Self.lines(olga, ["tenant", "list"], columns: 110)
            #expect(lines.allSatisfy { $0.count <= 110 }, "\(lines)")
            #expect(lines.contains { $0.contains(id) && $0.contains("The Society") })
            for word in Self.name.split(separator: " ") { #expect(lines.contains { $0.contains(word) }, "\(word)") }
            // Too narrow for ids beside each other: a block of lines for each row.
            let narrow = try await Self.lines(olga, ["tenant", "list"], columns: 50)
            #expect(narrow.allSatisfy { $0.count <= 50 }, "\(narrow)")
            #expect(narrow.contains { $0.hasSuffix(id) })
            #expect(
                narrow.contains("PLAN     pro") || narrow.contains { $0.hasPrefix("PLAN ") && $0.hasSuffix(" pro") })
        }
    }

    @Test func `every list and report fits 80 columns`() async throws {
        try await Operator.with { olga in
            let tenants = olga.tenants
            let job = try await JobScene.insert(.completed, of: tenants.example, into: tenants)
            _ = try await olga.call("quota", "set", "--tenant", olga.example, "--concurrency", "3")
            for arguments in [
                ["tenant", "list"], ["tenant", "show", olga.example], ["quota", "show", "--tenant", olga.example],
                ["key", "list", "--tenant", olga.example], ["job", "list"], ["job", "show", job.rawValue],
                ["webhook", "deliveries", "--tenant", olga.example], ["jwt-key", "list"], ["audit"], ["status"],
                ["usage", "report", "--period", "2026-10"], ["usage", "adjustments"], ["migrate", "--status"],
            ] {
                let lines = try await Self.lines(olga, arguments, columns: 80)
                #expect(lines.allSatisfy { $0.count <= 80 }, "\(arguments): \(lines.filter { $0.count > 80 })")
            }
            let listed = try await Self.lines(olga, ["job", "list"], columns: 80)
            #expect(listed.contains { $0.hasPrefix("JOB ") && $0.hasSuffix(job.rawValue) })
            #expect(listed.contains { $0.hasPrefix("TENANT ") && $0.hasSuffix(olga.example) })
        }
    }

    @Test func `what is piped is whole: a row a line, however long`() async throws {
        try await Operator.with { olga in
            let id = try await Self.open(Self.name, olga)
            let result = try await olga.call(["tenant", "list"], ["COLUMNS": "20"])
            let row = result.output.split(separator: "\n").first { $0.contains(Self.name) }
            #expect(row?.contains(id) == true)
            #expect(result.output.split(separator: "\n").count == 4)
        }
    }

    @Test func `wide characters take their two columns`() async throws {
        try await Operator.with { olga in
            _ = try await Self.open("東京録音研究所株式会社", olga)
            let rows = try await olga.call("tenant", "list").output.split(separator: "\n")
            func column(of part: String, in row: Substring) -> Int? {
                row.range(of: part).map { row[..<$0.lowerBound].reduce(0) { $0 + ($1.isASCII ? 1 : 2) } }
            }
            let columns = rows.dropFirst().map { column(of: " pro", in: $0) }
            #expect(Set(columns).count == 1, "\(rows)")
        }
    }
}
