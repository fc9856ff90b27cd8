import Synchronization
import Tenancy

/// Limits each account's concurrent uploads in this process to what its plan allows.
///
/// A place is free again before the answer is sent, so that a client which sends one file after the other never blocks itself.
package final class UploadSlots: Sendable {
    private let held = Mutex<[TenantID: Int]>([:])

    package init() {}

    /// Runs `body` in one of the account's places.
    ///
    /// - Throws: `APIError` 429 if the account has `limit` uploads in progress; what `body` throws.
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
                "This account sends \(limit) files at once already, the most that its plan allows. Try again when one of them has arrived.",
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

    /// Accounts with uploads in progress.
    package var accounts: Int { held.withLock { $0.count } }
}
