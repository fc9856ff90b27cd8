import HTTPTypes
import Hummingbird
import Logging

/// Writes one log line for each request, when its answer is known or, if the answer is streamed, written.
///
/// Method, route (the pattern if a route took it, else the path cut to 128 characters; never a query), status, bytes in and out,
/// milliseconds. Never header fields, form fields or file names. It also wraps the body, so that `Expect: 100-continue` is answered when
/// the handler first reads.
///
/// Every request of an authenticated caller gets a line. The lines for other requests are limited, for each network and in all, and one
/// line a minute counts the rest. The metrics count everything.
package struct AccessLogMiddleware<Context: ConnectionContext>: RouterMiddleware {
    private let proxies: TrustedProxies
    private let unauthenticated: LogRateLimit

    package init(
        proxies: TrustedProxies = .none, unauthenticated: LogRateLimit? = nil
    ) {
        self.proxies = proxies
        self.unauthenticated =
            unauthenticated ?? LogRateLimit(perSource: AccessLine.perNetwork, total: AccessLine.total)
    }

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
        let line = AccessLine(
            start: start, method: request.method.rawValue, path: Self.route(request, context), logger: context.logger,
            isWanted: wanted(request, context))
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

    private func wanted(_ request: Request, _ context: Context) -> @Sendable () -> Bool {
        let (caller, address) = (context.caller, proxies.client(of: request, on: context.channel))
        var summary = context.logger
        // The line counts many requests.
        summary[metadataKey: "request_id"] = nil
        summary[metadataKey: "trace_id"] = nil
        summary.handler.metadataProvider = nil
        return { [unauthenticated, summary] in
            if caller?.isKnown == true { return true }
            return unauthenticated.admits(address.network) { count in
                summary.notice(
                    "Requests of unknown callers left out", metadata: ["requests": .stringConvertible(count)])
            }
        }
    }

    private static func route(_ request: Request, _ context: Context) -> String {
        if let pattern = context.endpointPath, pattern != "NotFound" { return pattern }
        return String(request.uri.path.prefix(128))
    }
}
