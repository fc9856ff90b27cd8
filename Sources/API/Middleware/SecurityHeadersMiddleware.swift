import HTTPTypes
import Hummingbird

/// Header fields that keep browsers and caches from doing harm with an answer.
///
/// Every answer is `nosniff`. An answer to a request with credentials, or with another method than `GET` or `HEAD`, is `no-store`, unless
/// it has a `Cache-Control` of its own.
package struct SecurityHeadersMiddleware<Context: ConnectionContext>: RouterMiddleware {
    package init() {}

    package func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.xContentTypeOptions] = "nosniff"
        let plainRead = request.method == .get || request.method == .head
        let guarded = request.headers.contains(.authorization) || request.headers.contains(.cookie) || !plainRead
        if guarded, !response.headers.contains(.cacheControl) {
            response.headers[.cacheControl] = "no-store"
        }
        return response
    }
}
