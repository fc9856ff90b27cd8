import HTTPTypes
import Hummingbird

/// Lets pages of the listed origins call the API from a browser (`VERBATIM_CORS_ORIGINS`), and answers the browser's preflight requests.
///
/// A page needs an access token: browsers send the cookies of members to no page elsewhere, and no permission here says that they may. Answers to other origins carry no permission, so
/// browsers keep them from the page. Hummingbird's own middleware knows only one origin, or all.
package struct CORSMiddleware<Context: ConnectionContext>: RouterMiddleware {
    /// How long a browser may remember a preflight's answer, in seconds.
    private static var maxAge: Int { 600 }

    private let origins: Set<String>

    /// - Parameter origins: such as `https://app.example.com`; `*` for all; none by default.
    package init(origins: Set<String>) { self.origins = origins }

    package func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard !origins.isEmpty else { return try await next(request, context) }
        var response = try await next(request, context)
        // Also without permission: a cache must not give the answer for one origin to another.
        if !origins.contains("*") { response.headers[values: .vary].append("Origin") }
        guard let origin = request.headers[.origin], let allowed = allowed(origin) else { return response }
        response.headers[.accessControlAllowOrigin] = allowed
        if request.method == .options, request.headers.contains(.accessControlRequestMethod) {
            response.headers[.accessControlAllowMethods] = "GET, HEAD, POST, PUT, PATCH, DELETE"
            response.headers[.accessControlAllowHeaders] =
                "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, traceparent, X-Request-Id"
            response.headers[.accessControlMaxAge] = "\(Self.maxAge)"
        } else {
            response.headers[.accessControlExposeHeaders] =
                "Content-Disposition, ETag, Idempotent-Replayed, Location, Retry-After, WWW-Authenticate, X-Request-Id"
        }
        return response
    }

    private func allowed(_ origin: String) -> String? {
        if origins.contains("*") { return "*" }
        return origins.contains(origin) ? origin : nil
    }
}
