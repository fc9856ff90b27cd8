import HTTPTypes
import Hummingbird
import Settings

/// `GET /healthz`: the process is up. `GET /readyz`: what it needs is available, too, and it isn't about to stop.
struct HealthRoutes: Sendable {
    let readiness: Readiness
    let trafficDrain: TrafficDrain

    func add(to router: Router<PublicContext>) {
        router.get("healthz") { _, _ in
            try JSONResponse.make(Alive(status: "ok", version: Version.current, commit: Version.commit))
        }
        router.get("readyz", use: ready)
    }

    private struct Alive: Encodable {
        let status, version: String
        let commit: String?
    }

    private struct Answer: Encodable {
        let status: String
        let checks: Readiness.Checks
    }

    @Sendable
    private func ready(_ request: Request, context: PublicContext) async throws -> Response {
        var checks = await readiness.checks()
        if trafficDrain.isUnderWay { checks["node"] = "not ready" }
        let isReady = checks.values.allSatisfy(Readiness.passing.contains)
        return try JSONResponse.make(
            Answer(status: isReady ? "ok" : "not ready", checks: checks),
            status: isReady ? .ok : .serviceUnavailable, headers: isReady ? [:] : [.retryAfter: "1"])
    }
}
