import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct KeyCommandTests {
    private static func date(_ value: Any?) throws -> Timestamp {
        try #require((value as? String).flatMap { Timestamp(rfc3339: $0) })
    }

    @Test func `a key may end, and the list tells its state`() async throws {
        try await Operator.with { olga in
            let issued = try await olga.object(
                "key", "issue", "--tenant", olga.example, "--name", "a", "--expires", "90d")
            let end = try Self.date(issued["expires_at"])
            #expect(abs((end - .now() - .seconds(90 * 86_400)).wholeMilliseconds) < 60_000)
            _ = try await olga.object(
                "key", "issue", "--tenant", olga.example, "--name", "b", "--expires", "2099-12-31T23:00:00+01:00")
            _ = try await olga.object("key", "issue", "--tenant", olga.example, "--name", "c")
            let old = try await olga.tenants.issueKey(for: olga.tenants.example, name: "d")
            try await olga.tenants.owner.execute(
                "UPDATE api_keys SET expires_at = now() - interval '1 s' WHERE id = \(old.id)")
            let keys = try await olga.list("key", "list", "--tenant", olga.example)
            #expect(keys.map { $0["name"] as? String } == ["a", "b", "c", "d"])
            #expect(keys.map { $0["state"] as? String } == ["active", "active", "active", "expired"])
            #expect(keys[1]["expires_at"] as? String == "2099-12-31T22:00:00.000Z")
            #expect(keys[2]["expires_at"] == nil)
        }
    }

    @Test(arguments: ["2001-01-01T00:00:00Z", "0s", "tomorrow", "90", "90w", "-3d", ""])
    func `a key cannot end in the past or at no time at all`(end: String) async throws {
        let result = try await Operator.call(
            ["key", "issue", "--tenant", "ten_01M838NEQVMJ0RCZR3A9GJMFEQ", "--name", "x", "--expires=\(end)"],
            settings: [:])
        #expect(result.status == 64)
        #expect(result.errors.contains("expires"))
    }

    @Test func `a rotated key goes on for its grace, and its successor has its name`() async throws {
        try await Operator.with { olga in
            let old = try await olga.tenants.issueKey(for: olga.tenants.example, name: "production")
            let new = try await olga.object("key", "rotate", old.id.rawValue, "--grace", "2h")
            let newID = try #require(new["key_id"] as? String)
            #expect((new["api_key"] as? String)?.hasPrefix("tsk_live_" + newID) == true)
            #expect(new["name"] as? String == "production")
            #expect(new["tenant_id"] as? String == olga.example)
            #expect(new["replaces"] as? String == old.id.rawValue)
            let end = try Self.date(new["replaced_expires_at"])
            #expect(abs((end - .now() - .seconds(7200)).wholeMilliseconds) < 60_000)
            let keys = try await olga.list("key", "list", "--tenant", olga.example)
            #expect(keys.map { $0["state"] as? String } == ["active", "active"])
            #expect(keys[0]["replaced_by"] as? String == newID)
            #expect(try Self.date(keys[0]["expires_at"]) == end)
            #expect(keys[1]["expires_at"] == nil && keys[1]["replaced_by"] == nil)

            let again = try await olga.call("key", "rotate", old.id.rawValue)
            #expect(again.status == 1)
            #expect(again.errors.contains("rotate the one that replaced it: \(newID)"))
            #expect(try await olga.list("key", "list", "--tenant", olga.example).count == 2)
            let audit = try await olga.audit()
            #expect(audit.count == 1)
            #expect(audit[0].hasPrefix("olga | key rotate | \(old.id) | ") && audit[0].contains(newID))
        }
    }

    @Test func `of many who rotate a key at once, one does`() async throws {
        try await Operator.with { olga in
            let old = try await olga.tenants.issueKey(for: olga.tenants.example).id.rawValue
            let results = try await withThrowingTaskGroup(of: Int32.self) { group in
                for _ in 1...6 { group.addTask { try await olga.call("key", "rotate", old).status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.sorted() == [0, 1, 1, 1, 1, 1])
            #expect(try await olga.list("key", "list", "--tenant", olga.example).count == 2)
            #expect(try await olga.audit().count == 1)
        }
    }

    @Test func `a grace does not prolong a key, and no grace ends it at once`() async throws {
        try await Operator.with { olga in
            let short = try await olga.tenants.issueKey(for: olga.tenants.example)
            let end = Timestamp.now() + .seconds(600)
            try await olga.tenants.owner.execute("UPDATE api_keys SET expires_at = \(end) WHERE id = \(short.id)")
            let rotated = try await olga.object("key", "rotate", short.id.rawValue, "--expires", "30d")
            #expect(try Self.date(rotated["replaced_expires_at"]) == end)
            #expect(try Self.date(rotated["expires_at"]) > end)

            let other = try await olga.tenants.issueKey(for: olga.tenants.example)
            _ = try await olga.object("key", "rotate", other.id.rawValue, "--grace", "0s", "--yes")
            let keys = try await olga.list("key", "list", "--tenant", olga.example)
            let state = keys.first { $0["key_id"] as? String == other.id.rawValue }?["state"] as? String
            #expect(state == "expired")
            let dead = try await olga.call("key", "rotate", other.id.rawValue)
            #expect(dead.status == 1 && dead.errors.contains("is expired; issue a new one"))
        }
    }

    @Test func `without a grace a rotation ends a key at once, and so it asks`() async throws {
        try await Operator.with { olga in
            let key = try await olga.tenants.issueKey(for: olga.tenants.example, name: "production").id.rawValue
            let nobody = try await olga.call("key", "rotate", key, "--grace", "0s")
            #expect(nobody.status == 1)
            #expect(nobody.errors.contains("--yes") && nobody.output.isEmpty)
            let no = try await olga.callAtTerminal(["key", "rotate", key, "--grace", "0m"], typing: "n")
            #expect(no.status == 1)
            #expect(no.output.contains("production") && no.output.contains("nothing was changed"))
            #expect(try await olga.list("key", "list", "--tenant", olga.example).count == 1)
            #expect(try await olga.audit().isEmpty)

            let yes = try await olga.callAtTerminal(["key", "rotate", key, "--grace", "0s"], typing: "y")
            #expect(yes.status == 0, "\(yes.output)")
            let keys = try await olga.list("key", "list", "--tenant", olga.example)
            #expect(keys.map { $0["state"] as? String } == ["expired", "active"])
            // Nothing is asked of whoever leaves a grace, however short, nor about a key that is dead already.
            let new = try #require(keys.last?["key_id"] as? String)
            #expect(try await olga.call("key", "rotate", new, "--grace", "1s").status == 0)
            let dead = try await olga.call("key", "rotate", key, "--grace", "0s")
            #expect(dead.errors.contains("is expired") && !dead.errors.contains("--yes"))
        }
    }

    @Test func `a revoked key ends with its sessions, and nobody else's do`() async throws {
        try await Operator.with { olga in
            let (key, colleague) = (
                try await olga.tenants.issueKey(for: olga.tenants.example, name: "alice"),
                try await olga.tenants.issueKey(for: olga.tenants.example, name: "bob")
            )
            let tenants = olga.tenants
            let authenticator = Authenticator(
                databases: tenants.databases, argon2: Argon2(threads: 1),
                tokens: AccessTokens(databases: tenants.databases, masterKey: tenants.masterKey))
            var sessions: [Session] = []
            for key in [key, key, colleague] {
                sessions.append(try await authenticator.logIn(apiKey: key.text, from: "192.0.2.1"))
            }
            let asked = try await olga.call("key", "revoke", key.id.rawValue)
            #expect(asked.status == 1 && asked.errors.contains("--yes"))
            #expect(try await olga.audit().isEmpty)

            let revoked = try await olga.object("key", "revoke", key.id.rawValue, "--yes")
            #expect(revoked["state"] as? String == "revoked")
            let first = try Self.date(revoked["revoked_at"])
            let again = try await olga.object("key", "revoke", key.id.rawValue)
            #expect(try Self.date(again["revoked_at"]) == first)
            #expect(try await olga.audit() == ["olga | key revoke | \(key.id)"])

            for session in sessions.prefix(2) {
                await #expect(throws: AuthenticationError.invalidRefreshToken) {
                    _ = try await authenticator.refresh(session.refreshToken)
                }
            }
            _ = try await authenticator.refresh(sessions[2].refreshToken)
            let keys = try await olga.list("key", "list", "--tenant", olga.example)
            #expect(keys.map { $0["state"] as? String } == ["revoked", "active"])

            await #expect(throws: AuthenticationError.invalidAPIKey) {
                _ = try await authenticator.logIn(apiKey: key.text, from: "192.0.2.1")
            }
        }
    }

    @Test func `a key that nobody knows is told from one that is none, whose text is not repeated`() async throws {
        try await Operator.with { olga in
            for command in ["rotate", "revoke"] {
                let unknown = try await olga.call("key", command, "2oAwrY2V3oaQ")
                #expect(unknown.status == 1)
                #expect(unknown.errors.contains("there is no key 2oAwrY2V3oaQ; see: verbatim-admin key list"))
                let secret = try await olga.tenants.issueKey(for: olga.tenants.example).text
                let wrong = try await olga.call("key", command, secret)
                #expect(wrong.status == 64)
                #expect(wrong.errors.contains("public id"))
                #expect(!wrong.errors.contains(secret) && !wrong.output.contains(secret))
            }
        }
    }

    @Test func `a key is shown once and never again`() async throws {
        try await Operator.with { olga in
            let issued = try await olga.object("key", "issue", "--tenant", olga.example, "--name", "a")
            let id = try #require(issued["key_id"] as? String)
            let text = try #require(issued["api_key"] as? String)
            let secret = text.dropFirst("tsk_live_".count + id.count)
            #expect(secret.count == 49)
            let looks = [
                ["key", "list", "--tenant", olga.example], ["tenant", "show", olga.example], ["audit"], ["status"],
                ["key", "revoke", id, "--yes"], ["audit", "--tenant", olga.example],
            ]
            for arguments in looks + looks.map({ $0 + ["--json"] }) {
                let result = try await olga.call(arguments)
                #expect(result.status == 0)
                for hidden in [String(secret.prefix(43)), "argon2", "tsk_live_"] {
                    #expect(!result.output.contains(hidden), "\(arguments)")
                    #expect(!result.errors.contains(hidden), "\(arguments)")
                }
            }
        }
    }
}
