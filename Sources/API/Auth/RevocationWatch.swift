import Logging
import Postgres
import ServiceLifecycle
import Tenancy

/// Keeps a node's ``Revocations`` less than a second old, over a connection of its own: a busy pool must not let a revoked key in.
struct RevocationWatch: Service {
    let revocations = Revocations()
    private let pool: PostgresPool
    private let logger: Logger

    /// Takes the first snapshot: a node that has none must not serve.
    init(databaseURL: String, logger: Logger) async throws {
        pool = PostgresPool(
            configuration: .init(
                url: databaseURL, role: "verbatim_system", size: 1, acquireTimeout: .seconds(5),
                statementTimeout: .seconds(5)),
            logger: logger)
        self.logger = logger
        try await revocations.refresh(from: pool)
    }

    func run() async throws {
        let (revocations, pool) = (revocations, pool)
        let watch = Watch(what: "revocations", every: .milliseconds(400), logger: logger) {
            try await revocations.refresh(from: pool)
        }
        try await watch.run()
        await pool.close()
    }
}
