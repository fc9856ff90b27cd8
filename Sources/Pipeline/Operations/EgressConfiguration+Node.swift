import Egress

// How much a node sends out at a time: as much as its places can ask for, so that no work waits for other work on its way out.

extension EgressConfiguration {
    /// For engines, and for what customers name.
    ///
    /// - Parameters:
    ///   - slots: tasks at a time, each of which waits for an engine for minutes.
    ///   - fetches: sources at a time, each of which may take hours; the looks at addresses that customers give are beside them.
    package static func node(slots: Int, fetches: Int, policy: AddressPolicy = AddressPolicy()) -> EgressConfiguration {
        var configuration = EgressConfiguration(maxConcurrent: concurrentRequests(slots), addressPolicy: policy)
        configuration.maxConcurrentForCustomers = max(64, fetches + 32)
        return configuration
    }

    /// For an object store: the tasks' recordings, the fetched ones, and uploads beside them.
    package static func store(slots: Int, fetches: Int) -> Int { concurrentRequests(slots) + fetches + 48 }

    /// Slots, the places for long preparations beside them, and what cleanups ask for.
    private static func concurrentRequests(_ slots: Int) -> Int {
        max(64, slots + Preparations.places(beside: slots) + 16)
    }
}
