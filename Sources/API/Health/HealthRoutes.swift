import Hummingbird
import Logging
import Pipeline
import Postgres
import Tenancy

/// `GET /healthz`: this process lives. `GET /readyz`: what it needs is there too.
struct HealthRoutes: Sendable {
    let databases: Databases
    let migrator: Migrator
    let databaseURL: String
    let storage: FileStorage
    /// nil on a node that works on no jobs.
    let engine: EngineReadiness?

    func add(to router: Router<AnyoneContext>) {
        router.get("healthz") { _, _ in try JSONResponse.make(["status": "ok"]) }
        router.get("readyz", use: ready)
    }

    private struct Readiness: Encodable {
        let status: String
        let checks: [String: String]
    }

    @Sendable
    private func ready(_ request: Request, context: AnyoneContext) async throws -> Response {
        var checks: [String: String] = [:]
        checks["database"] = await state("database", context.logger) { _ = try await databases.app.query("SELECT 1") }
        checks["schema"] = await state("schema", context.logger) {
            try await migrator.requireCurrent(url: databaseURL, logger: context.logger)
        }
        checks["storage"] = await state("storage", context.logger) { try await storage.check() }
        if let engine { checks["engine"] = await engine.isReady() ? "ok" : "not ready" }
        let isReady = checks.values.allSatisfy { $0 == "ok" }
        return try JSONResponse.make(
            Readiness(status: isReady ? "ok" : "not ready", checks: checks), status: isReady ? .ok : .serviceUnavailable,
            headers: isReady ? [:] : [.retryAfter: "1"])
    }

    private func state(_ name: String, _ logger: Logger, _ check: () async throws -> Void) async -> String {
        do {
            try await check()
            return "ok"
        } catch {
            logger.warning("not ready", metadata: ["check": "\(name)", "error": "\(error)"])
            return "not ready"
        }
    }
}
