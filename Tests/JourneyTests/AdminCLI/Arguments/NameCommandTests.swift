import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// Names that would break a table or obey nobody's eye: refused where they are given, spelled out where they lie already.
@Suite struct NameCommandTests {
    private static let evil = [
        "line\nbreak", "\u{1B}[2Jclear", "moc.elpmaxe\u{202E}", "\u{9B}31m", "zero\u{200B}width",
    ]

    private static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            (scalar.value >= 0x20 || scalar == "\n") && !(0x7F...0x9F).contains(scalar.value)
                && !(0x200B...0x200F).contains(scalar.value) && !(0x202A...0x202E).contains(scalar.value)
        }
    }

    @Test func `no command takes them, and none repeats them`() async throws {
        try await Operator.with { olga in
            for name in Self.evil {
                for command in [
                    ["tenant", "create", "--plan", "pro", "--name", name],
                    ["key", "issue", "--tenant", olga.example, "--name", name],
                    ["key", "issue", "--tenant", olga.example, "--name", "a", "--as", name],
                    [
                        "usage", "adjust", "--tenant", olga.example, "--period", "2026-11", "--amount-cents", "5",
                        "--reason", name,
                    ],
                ] {
                    let result = try await olga.call(command)
                    #expect(result.status == 64, "\(command)")
                    #expect(result.errors.contains("holds the character U+"), "\(result.errors)")
                    #expect(Self.isPlain(result.errors))
                }
            }
            #expect(try await olga.audit() == [])
            // A name in the environment that is none is not written down as it is.
            let issued = try await olga.call(
                ["key", "issue", "--tenant", olga.example, "--name", "a"], ["USER": "olga\u{1B}[2J", "LOGNAME": "otto"])
            #expect(issued.status == 0)
            #expect(try await olga.audit().map { $0.prefix(4) } == ["otto"])
        }
    }

    @Test func `spaces around a name are not part of it, and the whole world's names are taken`() async throws {
        try await Operator.with { olga in
            for (typed, kept) in [("  Example Ltd ", "Example Ltd"), ("می‌خواهم", "می‌خواهم"), ("👩‍💻", "👩‍💻")] {
                let created = try await olga.call(
                    ["tenant", "create", "--plan", "pro", "--name", typed, "--json"],
                    ["VERBATIM_MASTER_KEY": String(repeating: "00", count: 32)])
                let tenant = try JSONSerialization.jsonObject(with: Data(created.output.utf8)) as? [String: Any]
                #expect(tenant?["name"] as? String == kept, "\(created.errors)")
            }
            let long = try await olga.call(
                "tenant", "create", "--plan", "pro", "--name", String(repeating: "👨‍👩‍👧‍👦", count: 100))
            #expect(long.status == 64)
            #expect(long.errors.contains("--name must have 1 to 200 characters."))
        }
    }

    @Test func `what lies in the database already takes one line in a table, and is spelled out everywhere`()
        async throws
    {
        try await Operator.with { olga in
            let key = try await olga.tenants.issueKey(for: olga.tenants.example)
            let evil = Self.evil.joined(separator: " ")
            let owner = olga.tenants.owner
            try await owner.execute("UPDATE tenants SET name = \(evil) WHERE id = \(olga.tenants.example)")
            try await owner.execute("UPDATE api_keys SET name = \(evil)")
            try await owner.execute("INSERT INTO audit_log (operator, action) VALUES (\(evil), 'tenant create')")
            for (command, lines) in [
                (["tenant", "list"], 3), (["key", "list", "--tenant", olga.example], 2), (["audit"], 2),
                (["usage", "report", "--period", "2026-11"], nil),
            ] as [([String], Int?)] {
                let table = try await olga.call(command)
                #expect(table.status == 0, "\(table.errors)")
                if let lines { #expect(table.output.split(separator: "\n").count == lines, "\(table.output)") }
                #expect(Self.isPlain(table.output), "\(table.output.debugDescription)")
                let json = try await olga.call(command + ["--json"])
                #expect(json.status == 0)
                if lines != nil { #expect(Self.isPlain(json.output), "\(json.output.debugDescription)") }
            }
            let list = try await olga.call("tenant", "list")
            #expect(list.output.contains(#"line\u{A}break \u{1B}[2Jclear"#))
            // For machines it is what it is.
            #expect(try await olga.list("tenant", "list").contains { $0["name"] as? String == evil })
            let asked = try await olga.callAtTerminal(["key", "revoke", key.id.rawValue], typing: "n")
            #expect(asked.output.contains(#"line\u{A}break"#))
            #expect(!asked.output.contains("\u{1B}[2J"))
            let revoked = try await olga.call("key", "revoke", key.id.rawValue, "--yes")
            #expect(revoked.status == 0 && Self.isPlain(revoked.output))
        }
    }
}
