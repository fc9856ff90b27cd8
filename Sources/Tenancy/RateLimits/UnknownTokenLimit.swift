import Postgres
import Synchronization

/// How many refresh tokens that nobody has one network may show, so that whoever makes them up hardly ever reaches the database.
/// Each node counts for itself.
///
/// A token takes a place of its network before it is looked up, and gives it back when it turns out to be somebody's: so what counts
/// is what was made up or is over, however many come at once. Tokens that this node has lately seen to be good take no place at all,
/// and pass also where a neighbor behind the same address has used them up.
package final class UnknownTokenLimit: Sendable {
    /// Made-up tokens a minute and network.
    package static let perMinute = 120

    private let places: RateLimit<String>
    private let good: Mutex<BoundedCache<[UInt8], Void>>

    /// - Parameters:
    ///   - networks: how many are kept.
    ///   - tokens: how many good ones are remembered, by their hashes.
    package init(networks: Int = 20_000, tokens: Int = 50_000) {
        places = RateLimit(perMinute: Self.perMinute, capacity: networks)
        good = Mutex(BoundedCache(capacity: tokens))
    }

    /// Has `body` look a token up, and answers what it found. Throws ``RateLimited`` before, where the network has shown too many.
    ///
    /// - Parameter body: nil when the token is nobody's, or counts no more.
    func lookUp<T>(
        _ hash: [UInt8], from network: String, at now: Timestamp, _ body: () async throws -> T?
    ) async throws -> T? {
        let isKnown = good.withLock { $0[hash] != nil }
        if !isKnown { try places.take(network, at: now) }
        // Where the database fails nobody knows whose it is: the place stays taken.
        let found = try await body()
        if found == nil {
            good.withLock { $0[hash] = nil }
        } else {
            if !isKnown { places.giveBack(network, takenAt: now) }
            remember(hash)
        }
        return found
    }

    /// The token is good: we have just made it.
    func remember(_ hash: [UInt8]) { good.withLock { $0[hash] = () } }
}
