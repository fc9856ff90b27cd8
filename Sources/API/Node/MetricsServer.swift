import Glibc
import Hummingbird
import Logging
import NIOCore
import Pipeline
import ServiceLifecycle

/// A second address at which a node answers `/metrics`, `/healthz` and `/readyz`, and nothing else: for nodes without an API, and for networks
/// that the customers' address is not part of.
struct MetricsServer: Sendable {
    let host: String
    let port: Int

    func service(_ health: HealthRoutes, _ metrics: GetMetrics, _ logger: Logger) -> any Service {
        var settings = HTTPServerSettings(host: host, port: port)
        settings.connections = ConnectionLimits(places: OpenFilePlan.scrapes)
        let server = HTTPServer<PublicContext>(settings: settings)
        health.add(to: server.router)
        server.router.get("metrics", use: metrics.handle)
        let host = host
        return Listener(
            application: server.application(logger: logger) { port in
                logger.info("listening for metrics", metadata: ["address": "http://\(host):\(port)"])
            })
    }

    /// Names the setting if the address is taken, because a node may have two addresses.
    private struct Listener: Service {
        let application: any Service

        func run() async throws {
            do {
                try await application.run()
            } catch let error as IOError where error.errnoCode == EADDRINUSE {
                throw StartupFailure.MetricsAddressInUse()
            }
        }
    }
}
