import Hummingbird
import Logging
import ServiceLifecycle

/// A second address at which a node answers `/metrics`, `/healthz` and `/readyz`, and nothing else: for nodes without an API, and for networks
/// that the customers' address is not part of.
struct MetricsServer: Sendable {
    /// Scrapers are few.
    private static let places = 32

    let host: String
    let port: Int

    func application(_ health: HealthRoutes, _ metrics: GetMetrics, _ logger: Logger) -> any Service {
        var settings = HTTPServerSettings(host: host, port: port)
        settings.connections = ConnectionLimits(places: Self.places)
        let server = HTTPServer<PublicContext>(settings: settings)
        health.add(to: server.router)
        server.router.get("metrics", use: metrics.handle)
        let host = host
        return server.application(logger: logger) { port in
            logger.info("listening for metrics", metadata: ["address": "http://\(host):\(port)"])
        }
    }
}
