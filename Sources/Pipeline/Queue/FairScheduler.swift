import Billing
import Postgres
import Tenancy

/// Chooses the next tasks for free slots.
///
/// The priority class goes first, but after four turns in a row the next one belongs to the normal class. Within a class the tenant comes first
/// whose last turn is longest ago, however many tasks it has queued. Within a tenant, tasks of started jobs come before new jobs, the oldest
/// first. A job starts only within its tenant's concurrency, and not while the account is suspended.
///
/// Each worker chooses by itself, at the same time as others: tenants whose turn another worker is giving are skipped, so nobody waits, and the
/// order between workers is that of their claims.
struct FairScheduler {
    /// After this many turns of the priority class in a row, the next turn belongs to the normal class.
    static let mostPriorityTurns = 4
    /// How often one claim looks in vain, so that it ends soon even if many tenants turn out to have no work.
    private static let mostLooks = 32
    /// How many tenants a claim looks at after it has found that the first ones have no work.
    private static let wideLook = 64

    private let slotKind: SlotKind
    private let worker: String
    /// How many turns in a row the priority class has had, at this worker.
    private(set) var priorityTurns: Int
    private var looks = 0
    /// Tenants that get no further task now, because they have their share of the slots.
    private var full: [TenantID]
    /// Tenants of each class that turned out to have no task that could be claimed.
    private var exhausted: [QueuePriority: [TenantID]] = [:]

    init(_ slotKind: SlotKind, worker: String, priorityTurns: Int, passingOver full: [TenantID]) {
        (self.slotKind, self.worker, self.priorityTurns) = (slotKind, worker, priorityTurns)
        self.full = full
    }

    /// Makes the scheduler choose no more tasks of this tenant.
    mutating func passOver(_ tenant: TenantID) { full.append(tenant) }

    /// Claims up to `limit` tasks, at most one of each tenant: the next turns of one class. Returns none if nobody has a task.
    mutating func next(limit: Int, in transaction: PostgresTransaction) throws -> [ClaimedTask] {
        let owed = priorityTurns >= Self.mostPriorityTurns
        if owed, let claims = try turns(of: .normal, limit: 1, in: transaction) {
            priorityTurns = 0
            return claims
        }
        let most = owed ? limit : min(limit, Self.mostPriorityTurns - priorityTurns)
        if let claims = try turns(of: .priority, limit: most, in: transaction) {
            priorityTurns = min(priorityTurns + claims.count, Self.mostPriorityTurns)
            return claims
        }
        guard !owed, let claims = try turns(of: .normal, limit: limit, in: transaction) else { return [] }
        priorityTurns = 0
        return claims
    }

    /// Waits until others have given a turn, because they were giving those of all tenants with work.
    ///
    /// It must be the first call in its transaction: whoever waits must hold nothing that the others may want.
    mutating func wait(in transaction: PostgresTransaction) throws {
        for priority in [QueuePriority.priority, .normal] {
            if try TenantTurns(slotKind, priority).wait(besides: full, in: transaction) { return }
        }
    }

    /// Returns whether there may be work that this claim did not get, because others were giving those tenants their turns.
    func isContended(in transaction: PostgresTransaction) throws -> Bool {
        let missed = [QueuePriority.priority, .normal].map { priority in
            TenantTurns(slotKind, priority).isAnyWaiting(besides: full + exhausted[priority, default: []])
        }
        return try transaction.first("SELECT \(missed[0]) OR \(missed[1])", as: Bool.self) ?? false
    }

    /// Gives the next turns of a class. Returns nil if none of its tenants has a task.
    private mutating func turns(
        of priority: QueuePriority, limit: Int, in transaction: PostgresTransaction
    ) throws -> [ClaimedTask]? {
        let turns = TenantTurns(slotKind, priority)
        var width = limit
        while looks < Self.mostLooks {
            let tenants = try turns.lock(width, besides: full + exhausted[priority, default: []], in: transaction)
            if tenants.isEmpty { return nil }
            let claims = try turns.take(limit, of: tenants, worker: worker, in: transaction)
            guard claims.isEmpty else { return claims }
            looks += 1
            try turns.clear(tenants, in: transaction)
            exhausted[priority, default: []] += tenants
            width = max(limit, Self.wideLook)
        }
        return nil
    }
}
