import Postgres
import Synchronization

/// Limits how many unknown or expired refresh tokens a network may send, so that somebody who makes up tokens hardly reaches the database.
/// Each node counts on its own, because counting in the database would cost what the limit saves.
///
/// A token is counted before it is looked up. If it turns out to be valid, it stops counting. So the limit holds even for tokens that come
/// at the same time. Tokens that this node has recently found valid are not counted. They pass even if a neighbor at the same address has used up
/// the limit.
package final class UnknownTokenLimit: Sendable {
    /// Unknown tokens per minute and network.
    package static let perMinute = 120

    private let places: NodeRateLimit<String>
    private let good: Mutex<BoundedCache<[UInt8], Void>>

    /// - Parameters:
    ///   - networks: how many networks are remembered.
    ///   - tokens: how many valid tokens are remembered, by their hashes.
    package init(networks: Int = 20_000, tokens: Int = 50_000) {
        places = NodeRateLimit(perMinute: Self.perMinute, capacity: networks)
        good = Mutex(BoundedCache(capacity: tokens))
    }

    /// Looks a token up with `body`, and returns what it found. Throws ``RateLimited`` instead if the network has sent too many.
    ///
    /// - Parameter body: returns nil if the token is unknown or no longer valid.
    func lookUp<T>(
        _ hash: [UInt8], from network: String, at now: Timestamp, _ body: () async throws -> T?
    ) async throws -> T? {
        let isKnown = good.withLock { $0[hash] != nil }
        if !isKnown { try places.take(network, at: now) }
        // If the database fails, nobody knows whether the token is valid, so it stays counted.
        let found = try await body()
        if found == nil {
            good.withLock { $0[hash] = nil }
        } else {
            if !isKnown { places.giveBack(network, takenAt: now) }
            remember(hash)
        }
        return found
    }

    /// Remembers a token as valid.
    func remember(_ hash: [UInt8]) { good.withLock { $0[hash] = () } }
}
