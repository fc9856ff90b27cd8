import Hummingbird
import Logging
import Pipeline

/// Gives each request its id and each answer its `X-Request-Id`.
///
/// The connection guard has already checked or created the id and put it on the request, so that its own answers and the application's
/// carry the same one. Without a connection guard (in a test of routes alone), this creates it. From here on, the request's logger carries
/// it as `request_id`.
///
/// It also finds the trace that the request belongs to: the one that `traceparent` names, else a new one if the request may begin a job. The
/// logger carries its id as `trace_id`.
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
        let named = request.headers[.traceparent].flatMap(TraceContext.init(header:))
        let trace = named ?? (request.method == .post ? TraceContext() : nil)
        var response: Response
        if let trace {
            context.logger[metadataKey: "trace_id"] = .string(trace.traceID)
            let traced = context
            response = try await TraceContext.$current.withValue(trace) { try await next(request, traced) }
        } else {
            response = try await next(request, context)
        }
        response.headers[.xRequestID] = id.description
        return response
    }
}
