/// How many connections each of a node's pools may have at a time.
package struct ConnectionShares: Sendable, Equatable {
    package let app: Int
    package let system: Int
    package let sessions: Int
    /// One for the heartbeat, one for checks.
    package static let leases = 2
    package static let health = 1
    /// Connections beside the pools: the one that listens, and the one that reads revocations.
    package static let beside = 2
    /// The fewest that a node can have in all.
    package static let fewest = leases + health + beside + 5

    package var total: Int { app + system + sessions + Self.leases + Self.health + Self.beside }

    /// - Parameter app: the share of known customers' requests and of workers' results. The others follow from it.
    package init(app: Int) {
        self.app = app
        system = max(2, app / 2)
        sessions = max(4, app / 4)
    }

    /// - Parameter total: all connections of the node together, at least ``fewest``.
    package init(total: Int) {
        let left = max(total, Self.fewest) - Self.leases - Self.health - Self.beside
        sessions = max(1, left / 5)
        system = max(2, (left - sessions) / 3)
        app = left - sessions - system
    }
}
