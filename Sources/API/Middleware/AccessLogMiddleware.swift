import HTTPTypes
import Hummingbird
import Logging

/// One log line a request, when its answer is known or, for a streamed one, written.
///
/// Method, route (the pattern where a route took it, else the path cut to 128 characters; never a query), status,
/// bytes in and out, milliseconds. Never header fields, form fields or file names. It also wraps the body, so that
/// `Expect: 100-continue` is answered when the handler first reads.
package struct AccessLogMiddleware<Context: ConnectionContext>: RouterMiddleware {
    package init() {}

    package func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let meter = MeteredBody.Meter()
        var request = request
        if request.headers.contains(.contentLength) || request.headers.contains(.transferEncoding) {
            request.body = RequestBody(
                asyncSequence: MeteredBody(base: request.body, channel: context.channel, meter: meter))
        }
        let line = Line(
            start: start, method: request.method.rawValue, path: Self.route(request, context), logger: context.logger)
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            line.write(status: 500, in: meter.count, out: 0)
            throw error
        }
        let named = line.routed(Self.route(request, context))
        if let length = response.body.contentLength {
            named.write(status: response.status.code, in: meter.count, out: length)
        } else {
            let (body, status, out) = (response.body, response.status.code, MeteredBody.Meter())
            response.body = ResponseBody { writer in
                defer { named.write(status: status, in: meter.count, out: out.count) }
                try await body.map { bytes in
                    out.add(bytes.readableBytes)
                    return bytes
                }.write(writer)
            }
        }
        return response
    }

    private static func route(_ request: Request, _ context: Context) -> String {
        if let pattern = context.endpointPath, pattern != "NotFound" { return pattern }
        return String(request.uri.path.prefix(128))
    }

    private struct Line {
        let start: ContinuousClock.Instant
        let method: String
        var path: String
        let logger: Logger

        func routed(_ path: String) -> Self {
            var line = self
            line.path = path
            return line
        }

        func write(status: Int, in bytesIn: Int, out bytesOut: Int) {
            let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
            logger.info(
                "Request",
                metadata: [
                    "method": "\(method)", "path": "\(path)", "status": .stringConvertible(status),
                    "bytes_in": .stringConvertible(bytesIn), "bytes_out": .stringConvertible(bytesOut),
                    "ms": .stringConvertible((milliseconds * 10).rounded() / 10),
                ])
        }
    }
}
