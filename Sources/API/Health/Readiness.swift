import Logging
import Pipeline
import Postgres
import Tenancy

/// Whether this node has what it needs. It is checked at most once a second, however often somebody asks.
actor Readiness {
    /// The checks by name; each is "ok" or "not ready", or how full the scratch disk is.
    typealias Checks = [String: String]
    /// The results with which a node takes requests.
    static let passing: Set = ["ok", DiskSpace.State.nearlyFull.rawValue]

    private let databases: Databases
    private let migrator: Migrator
    private let storage: any Storage
    /// Nil on a node without a worker.
    private let engine: EngineReadiness?
    private let scratch: DiskSpace?
    private let logger: Logger
    private var outages: [String: Outage] = [:]

    private var last: (at: ContinuousClock.Instant, checks: Checks)?
    private var look: Task<Checks, Never>?

    init(
        databases: Databases, migrator: Migrator, storage: any Storage, engine: EngineReadiness?,
        scratch: DiskSpace? = nil, logger: Logger
    ) {
        self.databases = databases
        self.migrator = migrator
        self.storage = storage
        self.engine = engine
        self.scratch = scratch
        self.logger = logger
    }

    func checks() async -> Checks {
        if let last, ContinuousClock.now - last.at < .seconds(1) { return last.checks }
        // One check at a time, however long it takes: the database may be the slow part.
        if let look { return await look.value }
        let look = Task { await lookAround() }
        self.look = look
        let checks = await look.value
        last = (.now, checks)
        self.look = nil
        return checks
    }

    private func lookAround() async -> Checks {
        var checks: Checks = [:]
        checks["database"] = await state("database") { _ = try await databases.health.query("SELECT 1") }
        checks["schema"] = await state("schema") { try await migrator.requireSchema(on: databases.health) }
        checks["storage"] = await state("storage") { try await storage.check() }
        if let engine { checks["engine"] = await engine.isReady() ? "ok" : "not ready" }
        // `DiskMonitor` logs this.
        if let scratch { checks["scratch"] = scratch.state.rawValue }
        return checks
    }

    private func state(_ name: String, _ check: () async throws -> Void) async -> String {
        do {
            try await check()
            outage(of: name).works()
            return "ok"
        } catch {
            // While the database doesn't answer, its own outage is logged for all checks.
            if !(error is PostgresError) || databases.outage?.isOngoing != true {
                outage(of: name).failed(["error": "\(error)"])
            }
            return "not ready"
        }
    }

    private func outage(of check: String) -> Outage {
        if let known = outages[check] { return known }
        var logger = logger
        logger[metadataKey: "check"] = "\(check)"
        let outage = Outage(
            begun: "not ready", lasting: "still not ready", over: "ready again", level: .warning, logger: logger)
        outages[check] = outage
        return outage
    }
}
