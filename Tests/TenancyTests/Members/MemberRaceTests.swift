import Postgres
import Tenancy
import TestSupport
import Testing

/// Changes of members at the same time.
@Suite struct MemberRaceTests {
    private static func member(
        _ email: String, _ role: MemberRole, _ password: String, _ tenants: Tenants, _ argon2: Argon2
    ) async throws -> Member {
        let tenant = tenants.example
        let link = try await tenants.databases.app.transaction(of: tenant) { transaction in
            try MemberLink.make(
                for: try Member.invite(email, role: role, to: tenant, in: transaction), in: transaction)
        }
        let hash = try await argon2.hash(password)
        let id = try await tenants.databases.sessions.transaction {
            try MemberLink.use(link.token, settingPassword: hash, at: .now(), in: $0).member
        }
        let member = try await tenants.databases.app.transaction(of: tenant) {
            try Member.find(id, of: tenant, in: $0)
        }
        return try #require(member)
    }

    private static func sessions(_ tenants: Tenants) async throws -> Int {
        try await tenants.owner.query("SELECT count(*) FROM member_sessions")[0].decode(Int.self)
    }

    @Test func `a sign-in whose password is being changed begins no session`() async throws {
        try await Tenants.with { tenants in
            let argon2 = Argon2(threads: 1)
            let signIn = MemberSignIn(databases: tenants.databases, argon2: argon2)
            let olga = try await Self.member("olga@example.com", .owner, "the old password", tenants, argon2)
            let link = try await tenants.databases.app.transaction(of: tenants.example) {
                try MemberLink.make(for: olga, in: $0)
            }
            let hash = try await argon2.hash("the new password")
            let result = try await tenants.owner.whileOpen { transaction in
                _ = try MemberLink.use(link.token, settingPassword: hash, at: .now(), in: transaction)
            } _: {
                let result = Task {
                    try await signIn.signIn(email: "olga@example.com", password: "the old password", from: "192.0.2.1")
                }
                try await eventually("the old password was right, and the session waits for the reset") {
                    let waiting = try await tenants.owner.query(
                        """
                        SELECT count(*) FROM pg_stat_activity
                        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%last_sign_in_at%'
                        """)
                    return try waiting[0].decode(Int.self) == 1
                }
                return result
            }
            await #expect(throws: MemberSignIn.Refusal.wrong) { try await result.value }
            #expect(try await Self.sessions(tenants) == 0)
            _ = try await signIn.signIn(email: "olga@example.com", password: "the new password", from: "192.0.2.1")
            #expect(try await Self.sessions(tenants) == 1)
        }
    }

    @Test func `owners who remove and demote each other at once leave one who can sign in`() async throws {
        try await Tenants.with { tenants in
            let (argon2, tenant) = (Argon2(threads: 2), tenants.example)
            for round in 0..<10 {
                var owners: [Member] = []
                for number in 0..<3 {
                    owners.append(
                        try await Self.member(
                            "owner\(round)-\(number)@example.com", .owner, "a long password", tenants, argon2))
                }
                // Those of the round before.
                try await tenants.owner.execute(
                    "UPDATE members SET removed_at = now() WHERE email NOT LIKE \("owner\(round)-%")")
                let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for (number, owner) in owners.enumerated() {
                        group.addTask {
                            do {
                                try await tenants.databases.app.transaction(of: tenant) { transaction in
                                    let found = try Member.findForChange(owner.id, of: tenant, in: transaction)
                                    if (number + round).isMultiple(of: 2) {
                                        try found?.remove(in: transaction)
                                    } else {
                                        try found?.change(to: .viewer, in: transaction)
                                    }
                                }
                                return false
                            } catch is Member.LastOwner { return true }
                        }
                    }
                    return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(refused == 1)
                let left = try await tenants.owner.query(
                    "SELECT count(*) FROM members WHERE role = 'owner' AND removed_at IS NULL AND has_password")
                #expect(try left[0].decode(Int.self) == 1)
            }
        }
    }

    @Test func `customers' queries have no password hashes`() async throws {
        try await Tenants.with { tenants in
            _ = try await Self.member("olga@example.com", .owner, "a long password", tenants, Argon2(threads: 1))
            await #expect {
                try await tenants.databases.app.transaction(of: tenants.example) {
                    try $0.query("SELECT password_hash FROM members")
                }
            } throws: {
                ($0 as? PostgresError)?.sqlState == "42501"
            }
        }
    }
}
