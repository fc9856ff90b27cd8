import Synchronization
import Tenancy

/// Limits each account's concurrent uploads in this process to what its plan allows.
///
/// A place is free again before the answer goes out, so that a client which sends one file after the other never meets itself.
package final class UploadSlots: Sendable {
    private let held = Mutex<[TenantID: Int]>([:])

    package init() {}

    /// - Throws: `APIError` 429 when the account has `limit` under way; what `body` throws.
    nonisolated(nonsending) package func hold<Value>(
        for account: TenantID, limit: Int, _ body: () async throws -> Value
    ) async throws -> Value {
        let isFree = held.withLock { held in
            guard held[account, default: 0] < limit else { return false }
            held[account, default: 0] += 1
            return true
        }
        guard isFree else {
            throw APIError.rateLimited(
                "This account sends \(limit) files at once already, which is as many as its plan allows. Try again when one of them is in.",
                retryAfterSeconds: 5)
        }
        defer {
            held.withLock { held in
                let left = (held[account] ?? 1) - 1
                held[account] = left > 0 ? left : nil
            }
        }
        return try await body()
    }

    /// Accounts with uploads under way.
    package var accounts: Int { held.withLock { $0.count } }
}
