import Postgres
import Tenancy
import TestSupport
import Testing

/// Access tokens of a session that was ended, at a node that looks.
@Suite struct SessionEndTests {
    private static func refusal(of token: String, _ scene: AuthenticationScene, _ revocations: Revocations) async throws
        -> AccessRefusal?
    {
        let principal = try await scene.tokens.verify(token)
        do {
            try await revocations.check(principal)
            return nil
        } catch { return error }
    }

    @Test func `a revoked session's access tokens end with it, and no other session's`() async throws {
        try await AuthenticationScene.run { scene in
            let revocations = Revocations(pool: scene.tenants.databases.system)
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let (mine, sibling) = (try await scene.logIn(key.text), try await scene.logIn(key.text))
            let second = try await scene.authenticator.refresh(mine.refreshToken)
            let rotated = try await scene.authenticator.refresh(mine.refreshToken, rotate: true)
            try await revocations.refresh()
            for token in [mine, second, rotated, sibling].map(\.accessToken) {
                #expect(try await Self.refusal(of: token, scene, revocations) == nil)
            }
            #expect(try await scene.authenticator.revoke(rotated.refreshToken))
            #expect(try await !scene.authenticator.revoke(rotated.refreshToken))
            try await revocations.refresh()
            for token in [mine, second, rotated].map(\.accessToken) {
                #expect(try await Self.refusal(of: token, scene, revocations) == .sessionIsOver)
            }
            #expect(try await Self.refusal(of: sibling.accessToken, scene, revocations) == nil)
            // A node that starts afterward knows it too.
            let newcomer = Revocations(pool: scene.tenants.databases.system)
            #expect(try await Self.refusal(of: mine.accessToken, scene, newcomer) == .sessionIsOver)
        }
    }

    @Test func `a token that is used twice ends the access tokens of its family`() async throws {
        try await AuthenticationScene.run { scene in
            let revocations = Revocations(pool: scene.tenants.databases.system)
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let first = try await scene.logIn(key.text)
            let thief = try await scene.authenticator.refresh(first.refreshToken, rotate: true)
            scene.clock.advance(by: RefreshToken.retryWindow)
            await #expect(throws: AuthenticationError.invalidRefreshToken) {
                try await scene.authenticator.refresh(first.refreshToken)
            }
            try await revocations.refresh()
            #expect(try await Self.refusal(of: thief.accessToken, scene, revocations) == .sessionIsOver)
            #expect(try await Self.refusal(of: first.accessToken, scene, revocations) == .sessionIsOver)
        }
    }

    @Test func `an access token from before sessions were named lives out its hour`() async throws {
        try await AuthenticationScene.run { scene in
            let revocations = Revocations(pool: scene.tenants.databases.system)
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let session = try await scene.logIn(key.text)
            let old = try await scene.tokens.issue(for: Principal(tenant: scene.tenants.example, key: key.id))
            #expect(try await scene.tokens.verify(old).session == nil)
            try await scene.authenticator.revoke(session.refreshToken)
            try await revocations.refresh()
            #expect(try await Self.refusal(of: old, scene, revocations) == nil)
            try await scene.tenants.owner.transaction { [example = scene.tenants.example] in
                try Principal(tenant: example, key: key.id).requireAccess(to: .writeJobs, in: $0)
            }
        }
    }

    @Test func `a look asks only for what has ended since, and misses nothing that was committed late`() async throws {
        try await AuthenticationScene.run { scene in
            let (owner, revocations) = (scene.tenants.owner, Revocations(pool: scene.tenants.databases.system))
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let (early, late) = (try await scene.logIn(key.text), try await scene.logIn(key.text))
            try await scene.authenticator.revoke(early.refreshToken)
            try await revocations.refresh()
            // Forgotten by the database, and still known here: nobody asked again.
            try await owner.execute("DELETE FROM refresh_tokens WHERE revoked_at IS NOT NULL")
            try await owner.whileOpen(
                { try $0.execute("UPDATE refresh_tokens SET revoked_at = clock_timestamp()") },
                {
                    try await revocations.refresh()
                    #expect(try await Self.refusal(of: late.accessToken, scene, revocations) == nil)
                })
            try await revocations.refresh()
            #expect(try await Self.refusal(of: late.accessToken, scene, revocations) == .sessionIsOver)
            #expect(try await Self.refusal(of: early.accessToken, scene, revocations) == .sessionIsOver)
        }
    }

    @Test func `what went on for long is asked of the database itself`() async throws {
        try await AuthenticationScene.run { scene in
            let owner = scene.tenants.owner
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let (mine, sibling) = (try await scene.logIn(key.text), try await scene.logIn(key.text))
            try await scene.authenticator.revoke(mine.refreshToken)
            // Longer ago than a node remembers.
            try await owner.execute(
                "UPDATE refresh_tokens SET revoked_at = now() - interval '23 hours' WHERE revoked_at IS NOT NULL")
            try await SessionSweep(pool: scene.tenants.databases.system).run()
            let (ended, going) = (
                try await scene.tokens.verify(mine.accessToken), try await scene.tokens.verify(sibling.accessToken)
            )
            try await scene.tenants.databases.system.transaction { transaction in
                #expect(throws: AccessRefusal.sessionIsOver) {
                    try ended.requireAccess(to: .writeJobs, in: transaction)
                }
                try going.requireAccess(to: .writeJobs, in: transaction)
            }
        }
    }

    @Test func `so many ended sessions are kept, the last to end, and each for an access token's hour`() throws {
        var sessions = EndedSessions(capacity: 1000)
        let start = Timestamp(milliseconds: 1_700_000_000_000)
        func session(_ number: Int) throws -> SessionID {
            try #require(SessionID(family: (0..<32).map { UInt8(truncatingIfNeeded: number >> ($0 * 8 % 64)) }))
        }
        let all = try (0..<3000).map(session)
        func kept() -> Int { all.count { sessions.contains($0) } }
        #expect(sessions.complete == nil)
        for second in 0..<100 {
            let moment = start + .seconds(second)
            let ended = (0..<30).map { (id: all[second * 30 + $0], endedAt: moment) }
            sessions.add(ended, at: moment)
            #expect(kept() <= 1000)
            #expect(sessions.complete == moment - EndedSessions.overlap)
            for end in ended { #expect(sessions.contains(end.id)) }
        }
        #expect(kept() >= 900)
        #expect(!sessions.contains(all[0]))
        #expect(sessions.contains(all[2999]))
        sessions.add([], at: start + .seconds(99) + EndedSessions.memory)
        #expect(kept() == 0)
    }

    @Test func `a session's name is read as it is written`() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<1000 {
            let family = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            let session = try #require(SessionID(family: family))
            #expect(SessionID(session.description) == session)
            #expect(session.description.utf8.count == 32)
        }
        for text in ["", "+123456789abcdef0123456789abcdef", String(repeating: "g", count: 32), "0123456789abcdef"] {
            #expect(SessionID(text) == nil)
        }
    }
}
