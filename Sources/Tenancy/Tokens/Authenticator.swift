import Postgres

/// Logs API keys in and keeps their sessions: what stands behind `/auth/token`, `/auth/refresh` and `/auth/revoke`.
package struct Authenticator: Sendable {
    private let databases: Databases
    private let argon2: Argon2
    private let tokens: AccessTokens
    private let clock: @Sendable () -> Timestamp

    package init(
        databases: Databases, argon2: Argon2, tokens: AccessTokens,
        clock: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        self.databases = databases
        self.argon2 = argon2
        self.tokens = tokens
        self.clock = clock
    }

    /// Exchanges an API key for a session. Throws ``AuthenticationError`` or ``Argon2Error/overloaded``.
    ///
    /// The form and checksum are looked at first, then the key's id: only a key that exists costs an Argon2 run.
    package func logIn(apiKey text: String) async throws -> Session {
        let now = clock()
        guard let key = APIKey(text) else { throw AuthenticationError.invalidAPIKey }
        guard
            let credentials = try await databases.system.transaction({
                try APIKeyCredentials.find(key.id, at: now, in: $0)
            }),
            try await argon2.verify(key.secret, against: credentials.secretHash)
        else { throw AuthenticationError.invalidAPIKey }
        guard credentials.tenantStatus == .active else { throw AuthenticationError.accountSuspended }

        let principal = Principal(tenant: credentials.tenant, key: key.id)
        let refresh = RefreshToken()
        try await databases.system.transaction {
            try refresh.store(for: principal, at: now, in: $0)
            try APIKeyCredentials.noteUse(of: principal.key, by: principal.tenant, at: now, in: $0)
        }
        return Session(
            accessToken: try await tokens.issue(for: principal), expiresIn: AccessTokens.lifetimeSeconds,
            refreshToken: refresh.text, refreshExpiresIn: RefreshToken.lifetimeSeconds)
    }

    /// A new access token for the holder of a refresh token, which stays the same.
    package func refresh(_ text: String) async throws -> Session {
        let now = clock()
        guard let token = RefreshToken(text),
            let holder = try await databases.system.transaction({ try token.find(at: now, in: $0) })
        else { throw AuthenticationError.invalidRefreshToken }
        guard holder.tenantStatus == .active else { throw AuthenticationError.accountSuspended }
        return Session(
            accessToken: try await tokens.issue(for: holder.principal), expiresIn: AccessTokens.lifetimeSeconds,
            refreshToken: token.text,
            refreshExpiresIn: (holder.expiresAt.milliseconds - now.milliseconds) / 1000)
    }

    /// Ends a session. An unknown token is as good as a revoked one.
    package func revoke(_ text: String) async throws {
        let now = clock()
        guard let token = RefreshToken(text) else { return }
        try await databases.system.transaction { try token.revoke(at: now, in: $0) }
    }
}

/// What a login or a refresh answers. Lifetimes in seconds.
package struct Session: Sendable {
    package let accessToken: String
    package let expiresIn: Int64
    package let refreshToken: String
    package let refreshExpiresIn: Int64
}

package enum AuthenticationError: Error, Equatable {
    case invalidAPIKey, invalidRefreshToken, accountSuspended
}
