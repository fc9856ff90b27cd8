import Synchronization

/// Whether the caller of a request is authenticated.
///
/// There is one for each request, shared by all copies of the request's context. So the access log, the outermost middleware, learns what
/// the authentication inside it found out.
package final class Caller: Sendable {
    private let known = Atomic<Bool>(false)

    package init() {}

    package var isKnown: Bool { known.load(ordering: .relaxed) }

    package func becomeKnown() { known.store(true, ordering: .relaxed) }
}
