import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// The HTTP server with everything around the routes: the connection guard, request ids, the access log, security header fields and the
/// error answers.
///
/// Create it, add the routes to `router`, then take the `application` and run it as a service. On graceful shutdown it takes no new
/// connections, lets running requests finish, gives unfinished uploads `ConnectionGuardSettings.shutdownGrace` and closes the rest. It
/// doesn't limit how long a handler takes; the service group does.
package struct HTTPServer<Context: ConnectionContext> {
    /// Where the routes go. `HEAD` is answered wherever `GET` is.
    package let router: Router<Context>
    /// Counts the requests, by route.
    package let meter = RequestMeter()
    /// The connections that it has open.
    let connections: OpenConnections
    private let settings: HTTPServerSettings
    private let style: ProblemStyle
    private let methods = AllowedMethods()

    package init(settings: HTTPServerSettings, context: Context.Type = Context.self) {
        self.settings = settings
        connections = OpenConnections(limits: settings.connections)
        style = ProblemStyle(publicURL: settings.publicURL)
        router = Router(context: context, options: [.autoGenerateHeadEndpoints])
        router.add(middleware: RequestIDMiddleware())
        router.add(middleware: MetricsMiddleware(meter: meter))
        router.add(middleware: AccessLogMiddleware(proxies: settings.proxies))
        router.add(middleware: SecurityHeadersMiddleware())
        router.add(middleware: CORSMiddleware(origins: settings.corsOrigins))
        router.add(middleware: ErrorMiddleware(style: style, methods: methods))
    }

    /// The server, once all routes are in place.
    ///
    /// - Parameters:
    ///   - services: what runs as long as the server does.
    ///   - onListening: called once with the port, as soon as connections are accepted.
    package func application(
        logger: Logger, services: [any Service] = [], onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) -> Application<RouterResponder<Context>> {
        // Strangers can cause any number of these lines.
        let logger = logger.bounded
        let routes = router.routes.map { (path: $0.path.description, method: $0.method) }
        methods.learn(routes)
        meter.learn(routes)
        var configuration = ApplicationConfiguration(
            address: .hostname(settings.host, port: settings.port), serverName: "Verbatim", backlog: settings.backlog)
        // Reached only for moments: a connection without a place is told so, and closed.
        configuration.availableConnectionsDelegate = .maximum(settings.connections.descriptors, logger: logger)
        let (connectionGuard, style, connections) = (settings.connectionGuard, style, connections)
        let bodyBuffers = BodyBuffers()
        // The connection guard times idle connections: Hummingbird's time-out starts again at any byte.
        return Application(
            responder: router.buildResponder(),
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [
                        ConnectionGuard(
                            settings: connectionGuard, style: style, connections: connections, bodyBuffers: bodyBuffers,
                            logger: logger)
                    ],
                    idleTimeout: nil,
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 16 * 1_024, maxHeaderListSize: 64 * 1_024, maxHeaderFieldCount: 100))),
            configuration: configuration, services: services,
            onServerRunning: { channel in
                try? await channel.eventLoop.submit {
                    try channel.pipeline.syncOperations.addHandler(AcceptPause(logger: logger), position: .first)
                }.get()
                await onListening(channel.localAddress?.port ?? 0)
            }, logger: logger)
    }
}
