import Egress

// How many outgoing requests a node makes at a time: as many as its slots can make, so that no task waits for another one's requests.

extension EgressConfiguration {
    /// For engines, and for customers' URLs.
    ///
    /// - Parameters:
    ///   - slots: tasks at a time. Each may wait for an engine for minutes.
    ///   - fetches: fetches at a time. Each may take hours. Checks of customers' URLs come in addition.
    package static func node(slots: Int, fetches: Int, policy: AddressPolicy = AddressPolicy()) -> EgressConfiguration {
        var configuration = EgressConfiguration(maxConcurrent: concurrentRequests(slots), addressPolicy: policy)
        configuration.maxConcurrentForCustomers = max(64, fetches + 32)
        return configuration
    }

    /// For an object store: the recordings of tasks and fetches, and uploads.
    package static func store(slots: Int, fetches: Int) -> Int { concurrentRequests(slots) + fetches + 48 }

    /// The slots, the slots for long preparations, and some for clean-ups.
    private static func concurrentRequests(_ slots: Int) -> Int {
        max(64, slots + Preparations.places(beside: slots) + 16)
    }
}
