import Postgres
import Tenancy
import TestSupport
import Testing

/// What made-up refresh tokens cost, and whom.
@Suite struct UnknownTokenLimitTests {
    private static let mallory = "198.51.100.1"
    private static let alice = "192.0.2.1"

    private static func madeUp() -> String {
        "rt_" + String((0..<43).map { _ in "abcdefghijklmnopqrstuvwxyz0123456789".randomElement() ?? "a" })
    }

    private static func showMadeUp(_ count: Int, to authenticator: Authenticator) async throws -> (
        asked: Int, limited: Int
    ) {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<count {
                group.addTask {
                    do {
                        if number.isMultiple(of: 2) {
                            try await authenticator.revoke(madeUp(), from: mallory)
                        } else {
                            _ = try await authenticator.refresh(madeUp(), from: mallory)
                        }
                        return true
                    } catch AuthenticationError.invalidRefreshToken {
                        return true
                    } catch is RateLimited {
                        return false
                    }
                }
            }
            return try await group.reduce(into: (asked: 0, limited: 0)) { sum, wasAsked in
                if wasAsked { sum.asked += 1 } else { sum.limited += 1 }
            }
        }
    }

    @Test func `of five hundred made-up tokens at once so many reach the database, and then none for a minute`()
        async throws
    {
        try await AuthenticationScene.run { scene in
            let (asked, limited) = try await Self.showMadeUp(500, to: scene.authenticator)
            #expect(asked == UnknownTokenLimit.perMinute)
            #expect(limited == 500 - UnknownTokenLimit.perMinute)
            // Another network has its own.
            await #expect(throws: AuthenticationError.invalidRefreshToken) {
                try await scene.authenticator.refresh(Self.madeUp(), from: Self.alice)
            }
            // Whoever asked this database would get an error.
            await scene.tenants.databases.close()
            await #expect(throws: RateLimited(retryAfterSeconds: 60)) {
                try await scene.authenticator.revoke(Self.madeUp(), from: Self.mallory)
            }
            await #expect(throws: PostgresError.self) {
                try await scene.authenticator.revoke(Self.madeUp(), from: Self.alice)
            }
            scene.clock.advance(by: .seconds(60))
            await #expect(throws: PostgresError.self) {
                try await scene.authenticator.revoke(Self.madeUp(), from: Self.mallory)
            }
        }
    }

    @Test func `a customer behind the same address goes on, whatever a neighbor makes up`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let session = try await scene.logIn(key.text, from: Self.mallory)
            let rotating = try await scene.logIn(key.text, from: Self.mallory)
            _ = try await Self.showMadeUp(500, to: scene.authenticator)
            for _ in 0..<300 {
                _ = try await scene.authenticator.refresh(session.refreshToken, from: Self.mallory)
            }
            var current = rotating.refreshToken
            for _ in 0..<5 {
                current = try await scene.authenticator.refresh(current, rotate: true, from: Self.mallory).refreshToken
            }
            try await scene.authenticator.revoke(session.refreshToken, from: Self.mallory)
            // From now on it is one of those that count.
            await #expect(throws: AuthenticationError.invalidRefreshToken) {
                try await scene.authenticator.refresh(session.refreshToken, from: Self.mallory)
            }
            await #expect(throws: RateLimited.self) {
                try await scene.authenticator.refresh(session.refreshToken, from: Self.mallory)
            }
        }
    }

    @Test func `tokens that are somebody's take no place, also at a node that has not seen them`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            var tokens: [String] = []
            for address in 0..<3 {
                for _ in 0..<60 {
                    tokens.append(try await scene.logIn(key.text, from: "192.0.2.\(address)").refreshToken)
                }
                scene.clock.advance(by: .seconds(60))
            }
            let another = Authenticator(
                databases: scene.tenants.databases, argon2: scene.argon2, tokens: scene.tokens, clock: scene.clock.now)
            for token in tokens { _ = try await another.refresh(token, from: Self.mallory) }
            let (asked, _) = try await Self.showMadeUp(500, to: another)
            #expect(asked == UnknownTokenLimit.perMinute)
        }
    }

    @Test func `a suspended account's token is told so, and takes no place`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let session = try await scene.logIn(key.text)
            try await scene.tenants.owner.execute("UPDATE tenants SET status = 'suspended'")
            for _ in 0..<(UnknownTokenLimit.perMinute + 10) {
                await #expect(throws: AuthenticationError.accountSuspended) {
                    try await scene.authenticator.refresh(session.refreshToken, from: Self.mallory)
                }
            }
        }
    }

    @Test func `callers whom nobody knows cannot take the connections of those who are known`() async throws {
        try await AuthenticationScene.run { scene in
            let (authenticator, databases, owner) = (scene.authenticator, scene.tenants.databases, scene.tenants.owner)
            // Each of them waits in the database, and more of them for a connection.
            let calls = try await owner.whileOpen(
                { try $0.execute("LOCK TABLE refresh_tokens IN ACCESS EXCLUSIVE MODE") },
                {
                    let calls = (0..<100).map { number in
                        Task { _ = try? await authenticator.revoke(Self.madeUp(), from: "192.0.2.\(number)") }
                    }
                    try await eventually("they wait") { databases.sessions.waiting > 50 }
                    let seen = try await databases.system.query("SELECT 1").map { try $0.decode(Int.self) }
                    #expect(seen == [1])
                    #expect(databases.system.waiting == 0)
                    return calls
                })
            for call in calls { await call.value }
        }
    }
}
