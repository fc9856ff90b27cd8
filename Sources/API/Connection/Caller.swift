import Synchronization

/// Whether whoever sent a request has shown who they are. One a request, shared by all copies of its context: what is found out deep
/// inside is known to the access log outside.
package final class Caller: Sendable {
    private let known = Atomic<Bool>(false)

    package init() {}

    package var isKnown: Bool { known.load(ordering: .relaxed) }

    package func becomeKnown() { known.store(true, ordering: .relaxed) }
}
