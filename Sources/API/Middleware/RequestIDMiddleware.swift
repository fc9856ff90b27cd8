import Hummingbird
import Logging

/// Gives each request its id and each answer its `X-Request-Id`.
///
/// The connection guard has already checked or created the id and put it on the request, so that its own answers and the application's
/// carry the same one. Without a connection guard (in a test of routes alone), this creates it. From here on, the request's logger carries
/// it as `request_id`.
package struct RequestIDMiddleware<Context: ConnectionContext>: RouterMiddleware {
    package init() {}

    package func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let id = RequestIdentifier(request.headers)
        var context = context
        context.requestID = id
        // Hummingbird's own id, in addition to ours, would only confuse.
        context.logger[metadataKey: "hb.request.id"] = nil
        context.logger[metadataKey: "request_id"] = .string(id.description)
        var response = try await next(request, context)
        response.headers[.xRequestID] = id.description
        return response
    }
}
