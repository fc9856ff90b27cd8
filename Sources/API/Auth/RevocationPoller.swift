import Logging
import Postgres
import ServiceLifecycle
import Tenancy

/// Keeps a node's ``Revocations`` less than a second old, over a connection of its own: a busy pool must not keep requests waiting.
///
/// A query ends within seconds, whatever hangs: the server is told to give up, and a connection that doesn't answer is cut and replaced.
/// While no query succeeds, requests are rejected.
struct RevocationPoller: Service {
    let revocations: Revocations
    private let pool: PostgresPool
    private let logger: Logger

    /// Takes the first snapshot: a node without one must not serve.
    init(databaseURL: String, outage: Outage? = nil, logger: Logger) async throws {
        var configuration = PostgresPool.Configuration(
            url: databaseURL, role: "verbatim_system", size: 1, acquireTimeout: .seconds(5),
            connectTimeout: .seconds(2), statementTimeout: .milliseconds(1_500), lockTimeout: .milliseconds(1_500),
            workTimeout: .seconds(2))
        configuration.outage = outage
        pool = PostgresPool(configuration: configuration, logger: logger)
        self.logger = logger
        revocations = Revocations(pool: pool)
        try await revocations.refresh()
    }

    func run() async throws {
        let (revocations, pool) = (revocations, pool)
        let poller = Poller(what: "revocations", every: Revocations.freshness * 2 / 5, logger: logger) {
            try await revocations.refresh()
        }
        try await poller.run()
        await pool.close()
    }
}
