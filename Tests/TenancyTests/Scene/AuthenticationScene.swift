import Postgres
import Tenancy
import TestSupport

/// What a node needs for logins, with a database and a clock for one test.
struct AuthenticationScene {
    let tenants: Tenants
    let clock: TestClock
    static let argon2Threads = 2
    let argon2 = Argon2(threads: Self.argon2Threads)
    let tokens: AccessTokens
    let authenticator: Authenticator

    init(_ tenants: Tenants, clock: TestClock = TestClock()) {
        self.tenants = tenants
        self.clock = clock
        tokens = AccessTokens(databases: tenants.databases, masterKey: tenants.masterKey, clock: clock.now)
        authenticator = Authenticator(
            databases: tenants.databases, argon2: argon2, tokens: tokens, clock: clock.now)
    }

    static func run(_ body: (AuthenticationScene) async throws -> Void) async throws {
        try await Tenants.with { try await body(AuthenticationScene($0)) }
    }

    func logIn(_ apiKey: String, from address: String = "192.0.2.1") async throws -> Session {
        try await authenticator.logIn(apiKey: apiKey, from: address)
    }

    /// Another node with the same database and the same clock.
    func anotherNode(remembering: Int = 1000) -> AccessTokens {
        AccessTokens(
            databases: tenants.databases, masterKey: tenants.masterKey, remembering: remembering, clock: clock.now)
    }

    /// Replaces the secret of key `id`. The returned function restores it.
    func changeSecret(of id: APIKeyID) async throws -> () async throws -> Void {
        let owner = tenants.owner
        let before = try await owner.query("SELECT secret_hash FROM api_keys WHERE id = \(id)").map {
            try $0.decode(String.self)
        }
        let other = try await argon2.hash("another secret")
        try await owner.execute("UPDATE api_keys SET secret_hash = \(other) WHERE id = \(id)")
        return { try await owner.execute("UPDATE api_keys SET secret_hash = \(before[0]) WHERE id = \(id)") }
    }
}
