import Logging
import Pipeline
import Postgres
import Tenancy

/// Whether this node has what it needs, looked at afresh at most once a second: whoever asks costs no more than that.
actor Readiness {
    /// The checks by name; each is "ok" or "not ready".
    typealias Checks = [String: String]

    private let databases: Databases
    private let migrator: Migrator
    private let databaseURL: String
    private let storage: FileStorage
    /// nil on a node that works on no jobs.
    private let engine: EngineReadiness?
    private let logger: Logger

    private var last: (at: ContinuousClock.Instant, checks: Task<Checks, Never>)?

    init(
        databases: Databases, migrator: Migrator, databaseURL: String, storage: FileStorage, engine: EngineReadiness?,
        logger: Logger
    ) {
        self.databases = databases
        self.migrator = migrator
        self.databaseURL = databaseURL
        self.storage = storage
        self.engine = engine
        self.logger = logger
    }

    func checks() async -> Checks {
        let now = ContinuousClock.now
        if let last, now - last.at < .seconds(1) { return await last.checks.value }
        let checks = Task { await look() }
        last = (now, checks)
        return await checks.value
    }

    private func look() async -> Checks {
        var checks: Checks = [:]
        checks["database"] = await state("database") { _ = try await databases.app.query("SELECT 1") }
        checks["schema"] = await state("schema") { try await migrator.requireCurrent(url: databaseURL, logger: logger) }
        checks["storage"] = await state("storage") { try await storage.check() }
        if let engine { checks["engine"] = await engine.isReady() ? "ok" : "not ready" }
        return checks
    }

    private func state(_ name: String, _ check: () async throws -> Void) async -> String {
        do {
            try await check()
            return "ok"
        } catch {
            logger.warning("not ready", metadata: ["check": "\(name)", "error": "\(error)"])
            return "not ready"
        }
    }
}
