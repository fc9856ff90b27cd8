import Hummingbird
import Tenancy

/// Sessions: `POST /auth/token`, `/auth/refresh`, `/auth/revoke`, and the keys that verify our tokens.
struct AuthRoutes: Sendable {
    let authenticator: Authenticator
    let tokens: AccessTokens
    let provenance: ProvenanceKeys
    let proxies: TrustedProxies

    func add(to router: Router<PublicContext>) {
        router.post("auth/token", use: logIn)
        router.post("auth/refresh", use: refresh)
        router.post("auth/revoke", use: revoke)
        router.get(".well-known/jwks.json", use: publicKeys)
    }

    private struct LoginRequest: Decodable {
        let api_key: String
        let scopes: [String]?
        let expires_in: Int64?
        let single_use: Bool?

        /// Whether it asks for a narrower token instead of a session.
        var isNarrower: Bool { scopes != nil || expires_in != nil || single_use == true }

        func lifetime() throws -> Int64 {
            let lifetimes = AccessTokens.narrowLifetimes
            let seconds = expires_in ?? lifetimes.upperBound
            guard lifetimes.contains(seconds) else {
                throw APIError.invalidRequest(
                    "'expires_in' must be a number of seconds from \(lifetimes.lowerBound) to \(lifetimes.upperBound).",
                    field: "expires_in")
            }
            return seconds
        }
    }

    private struct RefreshRequest: Decodable {
        let refresh_token: String
        let rotate: Bool?
    }

    @Sendable
    private func logIn(_ request: Request, context: PublicContext) async throws -> TokenResponse {
        let address = proxies.client(of: request, on: context.channel)
        return try await answering(Self.tooManyLogins) {
            try authenticator.admitCall(from: address.network)
            let body = try await JSONBody.decode(LoginRequest.self, from: request)
            let response =
                body.isNarrower
                ? try await narrowToken(body, from: address)
                : TokenResponse(
                    try await authenticator.logIn(
                        apiKey: body.api_key, from: address.network, at: address.address))
            context.caller?.becomeKnown()
            return response
        }
    }

    private func narrowToken(_ body: LoginRequest, from address: ClientAddress) async throws -> TokenResponse {
        let scopes = try body.scopes.map { try Set<Scope>(requested: $0) }
        let seconds = try body.lifetime()
        let token = try await authenticator.narrowToken(
            apiKey: body.api_key, scopes: scopes, isSingleUse: body.single_use ?? false, lasting: seconds,
            from: address.network, at: address.address)
        return TokenResponse(narrow: token, expiresIn: seconds)
    }

    @Sendable
    private func refresh(_ request: Request, context: PublicContext) async throws -> TokenResponse {
        let body = try await JSONBody.decode(RefreshRequest.self, from: request)
        let address = proxies.client(of: request, on: context.channel)
        return try await answering(Self.tooManyUnknown) {
            let session = try await authenticator.refresh(
                body.refresh_token, rotate: body.rotate ?? false, from: address.network, at: address.address)
            context.caller?.becomeKnown()
            return TokenResponse(session)
        }
    }

    @Sendable
    private func revoke(_ request: Request, context: PublicContext) async throws -> HTTPResponse.Status {
        let body = try await JSONBody.decode(RefreshRequest.self, from: request)
        let network = proxies.client(of: request, on: context.channel).network
        try await answering(Self.tooManyUnknown) {
            if try await authenticator.revoke(body.refresh_token, from: network) { context.caller?.becomeKnown() }
        }
        return .noContent
    }

    @Sendable
    private func publicKeys(_ request: Request, context: PublicContext) async throws -> Response {
        try JSONResponse.make(
            JSONWebKeySet(keys: try await tokens.publicKeys().keys + provenance.published()),
            headers: [.cacheControl: "public, max-age=\(AccessTokens.keySetCacheSeconds)"])
    }

    private static let tooManyLogins =
        "Too many logins in a minute. Keep the access token for its hour, and try again later."
    private static let tooManyUnknown =
        "This address sent too many unknown or expired refresh tokens within a minute. Try again later."

    /// Runs `body`, and turns its authentication errors into those of the API.
    ///
    /// - Parameter limited: the message if a rate limit is exceeded.
    private func answering<T>(_ limited: String, _ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch AuthenticationError.invalidAPIKey {
            throw APIError(
                .invalidAPIKey, "The API key is unknown, expired or revoked. Check that it was copied whole.")
        } catch AuthenticationError.invalidRefreshToken {
            throw APIError(
                .invalidRefreshToken,
                "The refresh token is unknown, expired or revoked. Log in again with POST /auth/token.")
        } catch AuthenticationError.accountSuspended {
            throw APIError.accountSuspended
        } catch AuthenticationError.insufficientScope(let scope) {
            throw APIError.insufficientScope(scope)
        } catch AuthenticationError.addressNotAllowed {
            throw APIError.addressNotAllowed
        } catch let error as RateLimited {
            throw APIError.rateLimited(limited, retryAfterSeconds: error.retryAfterSeconds)
        } catch Argon2Error.overloaded {
            throw APIError.rateLimited("Too many logins are under way. Try again shortly.", retryAfterSeconds: 2)
        }
    }
}

/// The answer to a login and to a refresh, with the names of RFC 6749.
private struct TokenResponse: ResponseEncodable {
    let access_token: String
    let token_type = "Bearer"
    let expires_in: Int64
    /// A narrower token has none.
    let refresh_token: String?
    let refresh_expires_in: Int64?

    init(_ session: Session) {
        access_token = session.accessToken
        expires_in = session.expiresIn
        refresh_token = session.refreshToken
        refresh_expires_in = session.refreshExpiresIn
    }

    init(narrow token: String, expiresIn: Int64) {
        access_token = token
        expires_in = expiresIn
        (refresh_token, refresh_expires_in) = (nil, nil)
    }
}
