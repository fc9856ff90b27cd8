import Postgres
import Tenancy

/// Has every event of a tenant's that was made in a stretch of time sent again, where there is somebody to tell.
///
/// In batches, each a short transaction: what is being sent or ends meanwhile waits for none of them, and is waited for last. Safe to
/// repeat after a crash; what was sent again already is then sent once more, under its old name.
package struct EventReplay: Sendable {
    package static let batch = 1_000

    let tenant: TenantID
    let since: Timestamp
    let until: Timestamp
    private let pool: PostgresPool
    private let clock: @Sendable () -> Timestamp

    /// - Parameter pool: the owner's.
    package init(
        of tenant: TenantID, since: Timestamp, until: Timestamp, on pool: PostgresPool,
        clock: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        self.tenant = tenant
        self.since = since
        self.until = until
        self.pool = pool
        self.clock = clock
    }

    /// Where a batch ended: an event, and when it was made, to the database's precision.
    struct Place: Sendable {
        let created: String
        let event: WebhookEventID
    }

    /// Answers how many events are sent again.
    package func run() async throws -> Int {
        var (count, place) = (0, Place?.none)
        var left: [WebhookEventID] = []
        while true {
            let (now, after) = (clock(), place)
            let (batch, replayed) = try await pool.transaction { transaction in
                let batch = try events(after: after, in: transaction)
                return (batch, try replay(batch.map(\.event), waiting: false, at: now, in: transaction))
            }
            guard let last = batch.last else { break }
            place = last
            count += replayed.count
            left += batch.map(\.event).filter { !replayed.contains($0) }
        }
        for start in stride(from: 0, to: left.count, by: Self.batch) {
            let (now, some) = (clock(), Array(left[start..<min(start + Self.batch, left.count)]))
            count += try await pool.transaction {
                try replay(some, waiting: true, at: now, in: $0).count
            }
        }
        return count
    }
}
