import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct RefreshRotationTests {
    private static let day: Duration = .seconds(24 * 3600)

    @Test func `a rotated token is new, lasts as long as the old one and can be rotated again`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let first = try await scene.logIn(key.text)
            scene.clock.advance(by: Self.day)
            let second = try await scene.authenticator.refresh(first.refreshToken, rotate: true)
            #expect(second.refreshToken != first.refreshToken)
            #expect(second.refreshExpiresIn == 29 * 24 * 3600)
            #expect(try await scene.tokens.verify(second.accessToken).key == key.id)
            scene.clock.advance(by: Self.day)
            let third = try await scene.authenticator.refresh(second.refreshToken, rotate: true)
            #expect(third.refreshExpiresIn == 28 * 24 * 3600)
            // And it is an ordinary one.
            #expect(try await scene.authenticator.refresh(third.refreshToken).refreshToken == third.refreshToken)
            scene.clock.advance(by: Self.day * 28)
            await #expect(throws: AuthenticationError.invalidRefreshToken) {
                try await scene.authenticator.refresh(third.refreshToken)
            }
        }
    }

    @Test(arguments: [false, true])
    func `a replaced token that is used again ends its whole family and no other`(rotate: Bool) async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let first = try await scene.logIn(key.text)
            let sibling = try await scene.logIn(key.text)
            let second = try await scene.authenticator.refresh(first.refreshToken, rotate: true)
            let third = try await scene.authenticator.refresh(second.refreshToken, rotate: true)
            await #expect(throws: AuthenticationError.invalidRefreshToken) {
                try await scene.authenticator.refresh(first.refreshToken, rotate: rotate)
            }
            for session in [first, second, third] {
                await #expect(throws: AuthenticationError.invalidRefreshToken) {
                    try await scene.authenticator.refresh(session.refreshToken)
                }
            }
            _ = try await scene.authenticator.refresh(sibling.refreshToken)
        }
    }

    @Test func `of two who use a token that was replaced long ago, at once, neither gets anything`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            for _ in 0..<10 {
                let session = try await scene.logIn(key.text)
                let next = try await scene.authenticator.refresh(session.refreshToken, rotate: true)
                scene.clock.advance(by: RefreshToken.retryWindow)
                let authenticator = scene.authenticator
                let winners = await withTaskGroup(of: Session?.self) { group in
                    for _ in 0..<2 {
                        group.addTask { try? await authenticator.refresh(session.refreshToken, rotate: true) }
                    }
                    return await group.reduce(into: [Session]()) { if let winner = $1 { $0.append(winner) } }
                }
                #expect(winners.isEmpty)
                await #expect(throws: AuthenticationError.invalidRefreshToken) {
                    try await authenticator.refresh(next.refreshToken)
                }
            }
        }
    }

    @Test func `a family that is revoked while it rotates leaves nobody behind`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            for _ in 0..<10 {
                let first = try await scene.logIn(key.text)
                let second = try await scene.authenticator.refresh(first.refreshToken, rotate: true)
                // Sooner it would be a retry.
                scene.clock.advance(by: RefreshToken.retryWindow)
                let authenticator = scene.authenticator
                async let third = try? authenticator.refresh(second.refreshToken, rotate: true)
                async let reuse = try? authenticator.refresh(first.refreshToken)
                let (last, refused) = await (third, reuse)
                #expect(refused == nil)
                for session in [second, last].compactMap({ $0 }) {
                    await #expect(throws: AuthenticationError.invalidRefreshToken) {
                        try await authenticator.refresh(session.refreshToken)
                    }
                }
            }
        }
    }

    @Test(arguments: [0, 1])
    func `revoking any token of a family revokes them all`(which: Int) async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let first = try await scene.logIn(key.text)
            let second = try await scene.authenticator.refresh(first.refreshToken, rotate: true)
            try await scene.authenticator.revoke([first, second][which].refreshToken)
            await #expect(throws: AuthenticationError.invalidRefreshToken) {
                try await scene.authenticator.refresh(second.refreshToken)
            }
        }
    }

    @Test func `a suspended tenant's token is not used up by asking`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let session = try await scene.logIn(key.text)
            try await scene.tenants.owner.execute("UPDATE tenants SET status = 'suspended'")
            await #expect(throws: AuthenticationError.accountSuspended) {
                try await scene.authenticator.refresh(session.refreshToken, rotate: true)
            }
            try await scene.tenants.owner.execute("UPDATE tenants SET status = 'active'")
            _ = try await scene.authenticator.refresh(session.refreshToken, rotate: true)
        }
    }

    @Test func `a login forgets expired families with all their members`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            var session = try await scene.logIn(key.text)
            for _ in 0..<3 { session = try await scene.authenticator.refresh(session.refreshToken, rotate: true) }
            scene.clock.advance(by: Self.day * 30)
            _ = try await scene.logIn(key.text)
            let left = try await scene.tenants.owner.query("SELECT count(*) FROM refresh_tokens").map {
                try $0.decode(Int.self)
            }
            #expect(left == [1])
        }
    }
}
