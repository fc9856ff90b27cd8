import HTTPTypes
import Hummingbird

/// Header fields that keep browsers and caches from doing harm with an answer.
///
/// Everything is `nosniff`; whatever was asked for with credentials, and whatever says nothing about caching after a
/// call that is no plain read, is `no-store`. An answer's own `Cache-Control` is left alone.
package struct SecurityHeadersMiddleware<Context: ConnectionContext>: RouterMiddleware {
    package init() {}

    package func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.xContentTypeOptions] = "nosniff"
        let plainRead = request.method == .get || request.method == .head
        let guarded = request.headers.contains(.authorization) || !plainRead
        if guarded, !response.headers.contains(.cacheControl) {
            response.headers[.cacheControl] = "no-store"
        }
        return response
    }
}
