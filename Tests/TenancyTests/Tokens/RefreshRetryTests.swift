import Postgres
import Tenancy
import TestSupport
import Testing

/// A client that rotates and asks again: because it asked many times at once, or because the answer was lost.
@Suite struct RefreshRetryTests {
    private static func isOver(_ session: Session, _ scene: AuthenticationScene) async throws -> Bool {
        do {
            _ = try await scene.authenticator.refresh(session.refreshToken)
            return false
        } catch AuthenticationError.invalidRefreshToken { return true }
    }

    @Test func `twenty rotations of one token at once give one successor, and the session lives on`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let authenticator = scene.authenticator
            for _ in 0..<5 {
                let session = try await scene.logIn(key.text)
                let answers = try await withThrowingTaskGroup(of: Session.self) { group in
                    for _ in 0..<20 {
                        group.addTask { try await authenticator.refresh(session.refreshToken, rotate: true) }
                    }
                    return try await group.reduce(into: [Session]()) { $0.append($1) }
                }
                #expect(answers.count == 20)
                #expect(Set(answers.map(\.refreshToken)).count == 1)
                for answer in answers { #expect(try await scene.tokens.verify(answer.accessToken).key == key.id) }
                #expect(try await !Self.isOver(answers[0], scene))
                let next = try await authenticator.refresh(answers[0].refreshToken, rotate: true)
                #expect(next.refreshToken != answers[0].refreshToken)
            }
            let rows = try await scene.tenants.owner.query("SELECT count(*) FROM refresh_tokens").decode(Int.self)
            #expect(rows == [15])
        }
    }

    @Test(arguments: [true, false])
    func `whose answer was lost gets the same successor for ten seconds, and no longer`(rotate: Bool) async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let first = try await scene.logIn(key.text)
            let lost = try await scene.authenticator.refresh(first.refreshToken, rotate: true)
            scene.clock.advance(by: RefreshToken.retryWindow - .milliseconds(1))
            let again = try await scene.authenticator.refresh(first.refreshToken, rotate: rotate)
            #expect(again.refreshToken == lost.refreshToken)
            #expect(again.refreshExpiresIn == first.refreshExpiresIn - 10)
            _ = try await scene.tokens.verify(again.accessToken)
            scene.clock.advance(by: .milliseconds(1))
            await #expect(throws: AuthenticationError.invalidRefreshToken) {
                try await scene.authenticator.refresh(first.refreshToken, rotate: rotate)
            }
            #expect(try await Self.isOver(lost, scene))
        }
    }

    @Test(arguments: [true, false])
    func `once the successor was used, the old token is a thief's`(rotate: Bool) async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let first = try await scene.logIn(key.text)
            let second = try await scene.authenticator.refresh(first.refreshToken, rotate: true)
            let third = try await scene.authenticator.refresh(second.refreshToken, rotate: rotate)
            await #expect(throws: AuthenticationError.invalidRefreshToken) {
                try await scene.authenticator.refresh(first.refreshToken, rotate: true)
            }
            #expect(try await Self.isOver(second, scene))
            #expect(try await Self.isOver(third, scene))
        }
    }

    @Test func `a session that was ended stays so for who asks again`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let first = try await scene.logIn(key.text)
            let second = try await scene.authenticator.refresh(first.refreshToken, rotate: true)
            try await scene.authenticator.revoke(second.refreshToken)
            #expect(try await Self.isOver(first, scene))
        }
    }

    @Test func `the successor lies sealed, opens to the old token alone, and is gone soon after`() async throws {
        try await AuthenticationScene.run { scene in
            let owner = scene.tenants.owner
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let (mine, other) = (try await scene.logIn(key.text), try await scene.logIn(key.text))
            let next = try await scene.authenticator.refresh(mine.refreshToken, rotate: true)
            _ = try await scene.authenticator.refresh(other.refreshToken, rotate: true)
            let dump = try await owner.query("SELECT encode(successor, 'escape') FROM refresh_tokens").decode(
                String?.self)
            #expect(dump.compactMap { $0 }.count == 2)
            #expect(!dump.contains { $0?.contains(next.refreshToken.dropFirst(3)) == true })
            // What was sealed by another token is no successor.
            try await owner.execute(
                """
                UPDATE refresh_tokens r SET successor = o.successor FROM refresh_tokens o
                WHERE r.successor IS NOT NULL AND o.successor IS NOT NULL AND o.token_hash <> r.token_hash
                """)
            #expect(try await Self.isOver(mine, scene))

            let sweep = SessionSweep(pool: scene.tenants.databases.system)
            try await sweep.run()
            let young = try await owner.query("SELECT count(successor) FROM refresh_tokens").decode(Int.self)
            #expect(young == [2])
            try await owner.execute(
                "UPDATE refresh_tokens SET rotated_at = now() - interval '61 s' WHERE rotated_at IS NOT NULL")
            try await sweep.run()
            let old = try await owner.query("SELECT count(successor) FROM refresh_tokens").decode(Int.self)
            #expect(old == [0])
        }
    }
}
