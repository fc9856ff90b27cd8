import Addresses
import HTTPTypes
import Hummingbird
import Tenancy

/// Passes on requests with a valid access token, and the principal that the token names, unless the principal has lost its access since.
struct AuthenticationMiddleware: RouterMiddleware {
    let tokens: AccessTokens
    let revocations: Revocations
    let proxies: TrustedProxies

    func handle(
        _ request: Request, context: PublicContext, next: (Request, PublicContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let principal = try await authenticate(
            request, from: proxies.client(of: request, on: context.channel).address)
        context.principal = principal
        context.scopes = revocations.scopes(of: principal)
        context.channel.triggerUserOutboundEvent(
            ConnectionGuard.Authenticated(account: principal.tenant), promise: nil)
        context.caller?.becomeKnown()
        return try await next(request, context)
    }

    private func authenticate(_ request: Request, from address: IPAddress?) async throws -> Principal {
        guard let header = request.headers[.authorization] else {
            throw APIError(.invalidToken, "Send an access token from POST /auth/token as 'Authorization: Bearer …'.")
        }
        let parts = header.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw APIError(.invalidToken, "The Authorization header must be 'Bearer', a space and an access token.")
        }
        do {
            let principal = try await tokens.verify(String(parts[1]))
            try await revocations.check(principal, from: address)
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
