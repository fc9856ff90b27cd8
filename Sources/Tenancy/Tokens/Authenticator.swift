import Addresses
import Postgres

/// Logs in with API keys and manages sessions, for `/auth/token`, `/auth/refresh` and `/auth/revoke`.
package struct Authenticator: Sendable {
    private let databases: Databases
    private let argon2: Argon2
    private let tokens: AccessTokens
    private let limits: LoginLimits
    private let unknown: UnknownTokenLimit
    private let clock: @Sendable () -> Timestamp

    package init(
        databases: Databases, argon2: Argon2, tokens: AccessTokens,
        unknown: UnknownTokenLimit = UnknownTokenLimit(), clock: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        self.databases = databases
        self.argon2 = argon2
        self.tokens = tokens
        limits = LoginLimits()
        self.unknown = unknown
        self.clock = clock
    }

    /// Counts a login request at this node before its body is read. Throws ``RateLimited``.
    package func admitCall(from network: String) throws {
        try limits.takeCall(from: network, at: clock())
    }

    /// Exchanges an API key for a session. Throws ``AuthenticationError``, ``RateLimited`` or ``Argon2Error/overloaded``.
    ///
    /// - Parameters:
    ///   - network: where the request came from; logins are counted by it.
    ///   - address: the same exactly, which the key may restrict.
    package func logIn(apiKey text: String, from network: String, at address: IPAddress? = nil) async throws -> Session
    {
        let now = clock()
        let (key, credentials) = try await check(text, from: network, address, at: now)
        let refresh = RefreshToken()
        let principal = Principal(
            tenant: credentials.tenant, key: key.id, session: SessionID(family: refresh.hash),
            scopes: credentials.rules.scopes, mode: key.mode)
        try await databases.sessions.transaction {
            try refresh.store(for: key.id, of: principal.tenant, at: now, in: $0)
            try APIKeyCredentials.noteUse(of: key.id, by: principal.tenant, at: now, in: $0)
        }
        unknown.remember(refresh.hash)
        return Session(
            accessToken: try await tokens.issue(for: principal), expiresIn: AccessTokens.lifetimeSeconds,
            refreshToken: refresh.text, refreshExpiresIn: RefreshToken.lifetimeSeconds)
    }

    /// Exchanges an API key for an access token that may do less than the key. It has no session, so whoever gets it cannot make it last
    /// longer. Throws as ``logIn(apiKey:from:at:)`` does.
    ///
    /// - Parameters:
    ///   - scopes: what it may do; nil: what the key may do now.
    ///   - isSingleUse: whether it may submit one job only.
    ///   - seconds: how long it is valid, within ``AccessTokens/narrowLifetimes``.
    package func narrowToken(
        apiKey text: String, scopes: Set<Scope>?, isSingleUse: Bool = false, lasting seconds: Int64,
        from network: String, at address: IPAddress? = nil
    ) async throws -> String {
        let now = clock()
        let (key, credentials) = try await check(text, from: network, address, at: now)
        let scopes = scopes ?? credentials.rules.scopes
        if let missing = scopes.subtracting(credentials.rules.scopes).sorted().first {
            throw AuthenticationError.insufficientScope(missing)
        }
        try await databases.sessions.transaction {
            try APIKeyCredentials.noteUse(of: key.id, by: credentials.tenant, at: now, in: $0)
        }
        return try await tokens.issue(
            for: Principal(
                tenant: credentials.tenant, key: key.id, scopes: scopes, isNarrowed: true, mode: key.mode,
                singleUse: isSingleUse ? UsedToken.newID() : nil), lasting: seconds)
    }

    /// Checks an API key: first its form and checksum, then the limits, then its id. So only a key that exists costs an Argon2 run.
    private func check(
        _ text: String, from network: String, _ address: IPAddress?, at now: Timestamp
    ) async throws -> (APIKey, APIKeyCredentials) {
        guard let key = APIKey(text) else { throw AuthenticationError.invalidAPIKey }
        let (limits, clock) = (limits, clock)
        try limits.checkMemory(key.id, from: network, at: now)
        let found = try await databases.sessions.transaction { transaction in
            try limits.takeLookup(of: key.id, from: network, at: now, in: transaction)
            return try APIKeyCredentials.find(key.id, at: now, in: transaction)
        }
        guard let credentials = found else { throw AuthenticationError.invalidAPIKey }
        // Checks the limits again just before the run, because many wrong secrets may have been sent at the same time.
        let isRight = try await argon2.verify(
            key.secret, against: credentials.secretHash,
            admission: { try limits.checkMemory(key.id, from: network, at: clock()) },
            whenWrong: { limits.noteWrongSecret(for: key.id, from: network, at: clock()) })
        try await databases.sessions.transaction { transaction in
            if isRight {
                try limits.takeLogin(of: key.id, at: clock(), in: transaction)
            } else {
                try limits.takeWrongSecret(for: key.id, from: network, at: clock(), in: transaction)
            }
        }
        guard isRight else { throw AuthenticationError.invalidAPIKey }
        guard credentials.tenantStatus == .active else { throw AuthenticationError.accountSuspended }
        guard credentials.rules.allows(address) else { throw AuthenticationError.addressNotAllowed }
        return (key, credentials)
    }

    /// Returns a new access token for a refresh token. Without `rotate`, the refresh token stays the same. With it, a new refresh token replaces
    /// the old one, and expires when the old one would have expired.
    ///
    /// If a replaced token is used again, its session ends. Exception: within ``RefreshToken/retryWindow``, and if nobody has used the new
    /// token, the caller gets the same new token.
    ///
    /// - Throws: ``AuthenticationError``; ``RateLimited`` if `network` has sent too many unknown tokens.
    package func refresh(
        _ text: String, rotate: Bool = false, from network: String = "unknown", at address: IPAddress? = nil
    ) async throws -> Session {
        let now = clock()
        guard let token = RefreshToken(text) else { throw AuthenticationError.invalidRefreshToken }
        let successor = rotate ? RefreshToken() : nil
        let sessions = databases.sessions
        let used = try await unknown.lookUp(token.hash, from: network, at: now) {
            try await sessions.transaction { try token.use(at: now, from: address, replacingBy: successor, in: $0) }
        }
        guard let (holder, current) = used else { throw AuthenticationError.invalidRefreshToken }
        guard holder.tenantStatus == .active else { throw AuthenticationError.accountSuspended }
        if current.text != token.text { unknown.remember(current.hash) }
        return Session(
            accessToken: try await tokens.issue(for: holder.principal), expiresIn: AccessTokens.lifetimeSeconds,
            refreshToken: current.text,
            refreshExpiresIn: (holder.expiresAt.milliseconds - now.milliseconds) / 1000)
    }

    /// Ends a session with all its tokens, access tokens too. An unknown token is not an error.
    ///
    /// - Returns: whether there was a session to end.
    /// - Throws: ``RateLimited`` if `network` has sent too many unknown tokens.
    @discardableResult
    package func revoke(_ text: String, from network: String = "unknown") async throws -> Bool {
        guard let token = RefreshToken(text) else { return false }
        let sessions = databases.sessions
        let ended = try await unknown.lookUp(token.hash, from: network, at: clock()) {
            try await sessions.transaction { transaction in
                try token.lockFamily(in: transaction)
                return try token.revokeFamily(in: transaction) ? true : nil
            }
        }
        return ended != nil
    }
}

/// The answer to a login or a refresh. Lifetimes are in seconds.
package struct Session: Sendable {
    package let accessToken: String
    package let expiresIn: Int64
    package let refreshToken: String
    package let refreshExpiresIn: Int64
}

package enum AuthenticationError: Error, Equatable {
    case invalidAPIKey, invalidRefreshToken, accountSuspended
    /// The key may not do this itself.
    case insufficientScope(Scope)
    /// The key may not be used from this address.
    case addressNotAllowed
}
