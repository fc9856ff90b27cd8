import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct AuthenticatorTests {
    @Test func `an API key buys a token that names its tenant, key and session`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let session = try await scene.logIn(key.text)
            #expect(session.expiresIn == 3600)
            #expect(session.refreshExpiresIn == 2_592_000)
            let principal = try await scene.tokens.verify(session.accessToken)
            #expect(principal.tenant == scene.tenants.example && principal.key == key.id)
            // And the login that it came from, as does every token of the same session.
            let next = try await scene.authenticator.refresh(session.refreshToken, rotate: true)
            #expect(try await scene.tokens.verify(next.accessToken) == principal)
            let another = try await scene.tokens.verify(try await scene.logIn(key.text).accessToken)
            #expect(principal.session != nil && another.session != nil && another.session != principal.session)
        }
    }

    @Test func `a login is noted on its key`() async throws {
        try await AuthenticationScene.run { scene in
            let example = scene.tenants.example
            let key = try await scene.tenants.issueKey(for: example)
            _ = try await scene.logIn(key.text)
            let records = try await scene.tenants.owner.transaction { try APIKeyRecord.all(of: example, in: $0) }
            #expect(records.map(\.lastUsedAt) == [scene.clock.now()])
        }
    }

    @Test func `a key that was never issued is refused`() async throws {
        try await AuthenticationScene.run { scene in
            await #expect(throws: AuthenticationError.invalidAPIKey) {
                try await scene.logIn(APIKey().text)
            }
            await #expect(throws: AuthenticationError.invalidAPIKey) {
                try await scene.logIn("x")
            }
        }
    }

    @Test func `a key with the right id and another secret is refused`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let other = APIKey()
            // The other's secret under this key's id: stored in its place, so that the checksum is right.
            try await scene.tenants.owner.execute("UPDATE api_keys SET id = \(other.id) WHERE id = \(key.id)")
            await #expect(throws: AuthenticationError.invalidAPIKey) {
                try await scene.logIn(other.text)
            }
        }
    }

    @Test(arguments: ["revoked_at", "expires_at"])
    func `a revoked or expired key logs in no more`(column: String) async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let session = try await scene.logIn(key.text)
            let now = scene.clock.now()
            try await scene.tenants.owner.execute("UPDATE api_keys SET \(unescaped: column) = \(now)")
            await #expect(throws: AuthenticationError.invalidAPIKey) {
                try await scene.logIn(key.text)
            }
            await #expect(throws: AuthenticationError.invalidRefreshToken) {
                try await scene.authenticator.refresh(session.refreshToken)
            }
        }
    }

    @Test func `a suspended tenant is told so`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let session = try await scene.logIn(key.text)
            try await scene.tenants.owner.execute("UPDATE tenants SET status = 'suspended'")
            await #expect(throws: AuthenticationError.accountSuspended) {
                try await scene.logIn(key.text)
            }
            await #expect(throws: AuthenticationError.accountSuspended) {
                try await scene.authenticator.refresh(session.refreshToken)
            }
        }
    }

    @Test func `a refresh token works for thirty days from the login and no longer`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let session = try await scene.logIn(key.text)
            scene.clock.advance(by: .seconds(29 * 24 * 3600))
            let refreshed = try await scene.authenticator.refresh(session.refreshToken)
            #expect(refreshed.refreshToken == session.refreshToken)
            #expect(refreshed.refreshExpiresIn == 24 * 3600)
            _ = try await scene.tokens.verify(refreshed.accessToken)
            scene.clock.advance(by: .seconds(24 * 3600))
            await #expect(throws: AuthenticationError.invalidRefreshToken) {
                try await scene.authenticator.refresh(session.refreshToken)
            }
        }
    }

    @Test func `a revoked session is over, and an unknown one as good as revoked`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let session = try await scene.logIn(key.text)
            let sibling = try await scene.logIn(key.text)
            try await scene.authenticator.revoke(session.refreshToken)
            try await scene.authenticator.revoke(session.refreshToken)
            try await scene.authenticator.revoke("rt_" + String(repeating: "a", count: 43))
            try await scene.authenticator.revoke("")
            await #expect(throws: AuthenticationError.invalidRefreshToken) {
                try await scene.authenticator.refresh(session.refreshToken)
            }
            _ = try await scene.authenticator.refresh(sibling.refreshToken)
        }
    }

    @Test func `a login forgets the sessions of its key that are over, and no others`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let other = try await scene.tenants.issueKey(for: scene.tenants.example)
            _ = try await scene.logIn(key.text)
            _ = try await scene.logIn(other.text)
            scene.clock.advance(by: .seconds(20 * 24 * 3600))
            _ = try await scene.logIn(key.text)
            scene.clock.advance(by: .seconds(11 * 24 * 3600))
            _ = try await scene.logIn(key.text)
            let left = try await scene.tenants.owner.query(
                "SELECT key_id, count(*) FROM refresh_tokens GROUP BY key_id ORDER BY count(*)"
            ).decode(APIKeyID.self, Int.self)
            #expect(left.map(\.0) == [other.id, key.id])
            #expect(left.map(\.1) == [1, 2])
        }
    }

    @Test func `neither an API key nor a refresh token stands in the database`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let session = try await scene.logIn(key.text)
            let dump = try await scene.tenants.owner.query(
                "SELECT k::text || r::text FROM api_keys k, refresh_tokens r"
            ).map { try $0.decode(String.self) }.joined()
            #expect(!dump.isEmpty)
            #expect(!dump.contains(String(key.text.suffix(49).prefix(43))))
            #expect(!dump.contains(session.refreshToken))
            #expect(!dump.contains(session.refreshToken.dropFirst(3)))
        }
    }
}
