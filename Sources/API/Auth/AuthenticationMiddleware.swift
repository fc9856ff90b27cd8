import Addresses
import Cryptography
import HTTPTypes
import Hummingbird
import Tenancy

/// Passes on requests with a valid access token or a member's session cookie, and the principal that it names, unless the principal has lost its
/// access since.
struct AuthenticationMiddleware: RouterMiddleware {
    let tokens: AccessTokens
    let revocations: Revocations
    let proxies: TrustedProxies
    let members: MemberSignIn

    func handle(
        _ request: Request, context: PublicContext, next: (Request, PublicContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let principal = try await authenticate(request, from: proxies.client(of: request, on: context.channel))
        context.principal = principal
        context.scopes = revocations.scopes(of: principal)
        context.channel.triggerUserOutboundEvent(
            ConnectionGuard.Authenticated(account: principal.tenant), promise: nil)
        context.caller?.becomeKnown()
        return try await next(request, context)
    }

    private func authenticate(_ request: Request, from client: ClientAddress) async throws -> Principal {
        guard let header = request.headers[.authorization] else {
            if let token = SessionCookie.token(of: request) { return try await member(request, token, client.network) }
            throw APIError(.invalidToken, "Send an access token from POST /auth/token as 'Authorization: Bearer …'.")
        }
        let parts = header.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: true).map(Substring.init)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw APIError(.invalidToken, "The Authorization header must be 'Bearer', a space and an access token.")
        }
        do {
            let principal = try await tokens.verify(String(parts[1]))
            try await revocations.check(principal, from: client.address)
            return principal
        } catch AccessTokenError.expired {
            throw APIError(.tokenExpired, "The access token has expired. Get a new one from POST /auth/refresh.")
        } catch AccessTokenError.invalid {
            throw APIError(.invalidToken, "The access token is not valid. Get one from POST /auth/token.")
        } catch let refusal as AccessRefusal {
            throw APIError(refusal)
        }
    }
}

extension AuthenticationMiddleware {
    /// Returns the member whose session it is. A change also needs the session's CSRF token.
    private func member(_ request: Request, _ token: String, _ network: String) async throws -> Principal {
        let found: MemberSession.Holder?
        do {
            found = try await members.holder(of: token, from: network)
        } catch let refusal as AccessRefusal {
            throw APIError(refusal)
        } catch let error as RateLimited {
            throw APIError.rateLimited(
                "Too many unknown sessions in a minute. Try again later.", retryAfterSeconds: error.retryAfterSeconds)
        }
        guard let holder = found else {
            throw APIError(.invalidToken, "The session has ended. Sign in again with POST /members/sign-in.")
        }
        if request.method != .get, request.method != .head {
            let sent = Array((request.headers[SessionCookie.csrfHeader] ?? "").utf8)
            guard ConstantTime.equal(sent, Array(MemberSession.csrfToken(of: token).utf8)) else {
                throw APIError.csrfTokenMissing
            }
        }
        return Principal(tenant: holder.tenant, member: holder.member, role: holder.role)
    }
}

extension APIError {
    /// The answer to a valid access token that is no longer accepted.
    init(_ refusal: AccessRefusal) {
        switch refusal {
        case .keyIsOver:
            self.init(
                .invalidToken,
                "The API key that this access token came from was revoked or has expired. Use another key.")
        case .sessionIsOver:
            self.init(
                .invalidToken, "The session that this access token came from was ended. Log in with POST /auth/token.")
        case .tenantIsSuspended:
            self = .accountSuspended
        case .addressIsNotAllowed:
            self = .addressNotAllowed
        case .scopeIsGone(let scope):
            self = .insufficientScope(scope)
        case .unknown:
            self = .transient(
                "The service cannot check this access token at the moment. Please try again.",
                retryAfterSeconds: 1)
        }
    }
}
