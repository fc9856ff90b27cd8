import HTTPTypes
import Hummingbird

/// Measures each request until its answer is known or, if the answer is streamed, written.
package struct MetricsMiddleware<Context: ConnectionContext>: RouterMiddleware {
    private let meter: RequestMeter

    package init(meter: RequestMeter) { self.meter = meter }

    package func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let measurement = meter.begin(request.method.rawValue)
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            measurement.answered(route: Self.route(context), status: 500)
            throw error
        }
        let (route, status) = (Self.route(context), response.status.code)
        if response.body.contentLength != nil {
            measurement.answered(route: route, status: status)
        } else {
            let body = response.body
            response.body = ResponseBody { writer in
                defer { measurement.answered(route: route, status: status) }
                try await body.write(writer)
            }
        }
        return response
    }

    /// Returns the route; nil if none took the request. Hummingbird then calls the endpoint `NotFound`.
    private static func route(_ context: Context) -> String? {
        context.endpointPath.flatMap { $0 == "NotFound" ? nil : $0 }
    }
}
