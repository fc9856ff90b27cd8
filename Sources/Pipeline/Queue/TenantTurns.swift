import Billing
import Postgres
import Tenancy

/// The order in which tenants get the slots of one kind, in one class. See the table `tenant_turns`.
struct TenantTurns: Sendable {
    let slotKind: SlotKind
    let priority: QueuePriority

    /// The front of the order moves on after this many turns.
    private static let step = 128
    /// A row that came in while the front moved on may have stayed behind it. So the front is looked for from here, turns before the last one.
    private static let lookBack = 1_000
    /// No transaction is open for so many turns.
    private static let tendedBack = 200_000

    init(_ slotKind: SlotKind, _ priority: QueuePriority) { (self.slotKind, self.priority) = (slotKind, priority) }

    /// The rows of this order. Literals, so that the planner can use the index.
    private var rows: PostgresQuery {
        "slot_kind = '\(unescaped: slotKind.rawValue)' AND priority = \(unescaped: "\(priority.rawValue)")"
    }

    private var front: PostgresQuery {
        "(SELECT turn_front('\(unescaped: slotKind.rawValue)', \(unescaped: "\(priority.rawValue)")::smallint))"
    }

    /// The tasks of this order that may be claimed now, if their tenants may start jobs.
    private var claimable: PostgresQuery { "\(waiting) AND run_after <= statement_timestamp()" }

    private var waiting: PostgresQuery {
        "status = 'ready' AND \(slotKind.isNeeded) AND priority = \(unescaped: "\(priority.rawValue)")"
    }

    /// A condition: whether such a tenant may start another job.
    private func mayStart(_ load: PostgresQuery) -> PostgresQuery {
        "n.status = 'active' AND \(load).running_jobs < coalesce(q.concurrency, p.concurrency)"
    }

    private func limits(of tenant: PostgresQuery) -> PostgresQuery {
        """
        JOIN tenants n ON n.id = \(tenant) JOIN plans p ON p.name = n.plan
        LEFT JOIN quota_overrides q ON q.tenant_id = \(tenant)
        """
    }

    /// Locks the next `limit` tenants with work, in order. Skips those whose turn others are giving.
    func lock(_ limit: Int, besides passedOver: [TenantID], in transaction: PostgresTransaction) throws -> [TenantID] {
        // The row is found by one name and locked by another: if somebody gave it a turn in between, the two differ, and it is left out.
        let found = try transaction.all(
            """
            SELECT o.tenant_id, o.last_turn, \(front)
            FROM (SELECT * FROM tenant_turns WHERE \(rows)) o JOIN tenant_turns t
                ON t.tenant_id = o.tenant_id AND t.slot_kind = o.slot_kind AND t.priority = o.priority AND t.last_turn = o.last_turn
            WHERE o.has_work AND o.last_turn >= \(front) AND o.tenant_id <> ALL(\(passedOver.map(\.rawValue))::text[])
            ORDER BY o.last_turn, o.entered LIMIT \(limit)
            FOR NO KEY UPDATE OF t SKIP LOCKED
            """, as: TenantID.self, Int64.self, Int64.self)
        if let first = found.first, first.1 - first.2 > Self.step { try moveFront(in: transaction) }
        return found.map(\.0)
    }

    /// Waits until others have given the turn of the first tenant with work. Returns false if there is none. It waits for one row only, so that
    /// no two that wait do so for each other.
    func wait(besides passedOver: [TenantID], in transaction: PostgresTransaction) throws -> Bool {
        let first = try transaction.first(
            """
            SELECT tenant_id FROM tenant_turns
            WHERE \(rows) AND has_work AND last_turn >= \(front) AND tenant_id <> ALL(\(passedOver.map(\.rawValue))::text[])
            ORDER BY last_turn, entered LIMIT 1
            """, as: TenantID.self)
        guard let first else { return false }
        try transaction.query("SELECT FROM tenant_turns WHERE tenant_id = \(first) AND \(rows) FOR NO KEY UPDATE")
        return true
    }

    /// Claims one task of each of these tenants, whose rows the caller has locked, but no more than `limit`. It is a statement of its own because
    /// it must see what others did before the rows were locked.
    func take(_ limit: Int, of tenants: [TenantID], worker: String, in transaction: PostgresTransaction) throws
        -> [ClaimedTask]
    {
        let taken = try transaction.query(
            """
            WITH next AS (
                SELECT tenant_id, place FROM unnest(\(tenants.map(\.rawValue))::text[]) WITH ORDINALITY AS t (tenant_id, place)
            ), going_on AS (
                SELECT o.tenant_id, o.place, t.id, t.job_id, false AS starts FROM next o CROSS JOIN LATERAL (
                    SELECT id, job_id FROM tasks WHERE tenant_id = o.tenant_id AND \(claimable) AND NOT starts_job
                    ORDER BY job_id, id LIMIT 1 FOR UPDATE SKIP LOCKED) t
            ), open AS (
                -- The locked load makes the limit hold, however many workers start jobs of the tenant.
                SELECT o.tenant_id, o.place FROM next o JOIN tenant_load l ON l.tenant_id = o.tenant_id
                \(limits(of: "o.tenant_id"))
                WHERE o.tenant_id NOT IN (SELECT tenant_id FROM going_on) AND \(mayStart("l"))
                FOR NO KEY UPDATE OF l SKIP LOCKED
            ), starting AS (
                SELECT o.tenant_id, o.place, t.id, t.job_id, true AS starts FROM open o CROSS JOIN LATERAL (
                    SELECT t.id, t.job_id
                    FROM (SELECT * FROM tasks WHERE tenant_id = o.tenant_id AND \(claimable) AND starts_job) t
                    JOIN jobs j ON j.tenant_id = o.tenant_id AND j.id = t.job_id AND j.status = 'queued'
                    ORDER BY t.job_id, t.id LIMIT 1 FOR UPDATE OF t SKIP LOCKED FOR NO KEY UPDATE OF j SKIP LOCKED) t
            ), chosen AS (
                SELECT *, nextval('turn_numbers') AS turn
                FROM (SELECT * FROM going_on UNION ALL SELECT * FROM starting ORDER BY place LIMIT \(limit)) c
            ), turned AS (
                UPDATE tenant_turns t SET last_turn = c.turn FROM chosen c WHERE t.tenant_id = c.tenant_id AND \(rows)
            ), counted AS (
                UPDATE tenant_load l SET queued_jobs = queued_jobs - 1, running_jobs = running_jobs + 1
                FROM chosen c WHERE l.tenant_id = c.tenant_id AND c.starts
            ), taken AS (
                UPDATE tasks t SET starts_job = false, \(TaskQueue.claimed(by: worker))
                FROM chosen c WHERE t.tenant_id = c.tenant_id AND t.id = c.id
                RETURNING t.tenant_id, t.id, t.job_id, t.kind, t.part, t.is_long, t.attempt, t.fence, c.starts, c.place
            )
            SELECT tenant_id, id, job_id, kind, part, is_long, attempt, fence, starts, \(ClaimedTask.trace(of: "taken"))
            FROM taken ORDER BY place
            """
        ).map { row in
            let (tenant, id, job, kind, part, isLong, attempt, fence, starts, traceparent) = try row.decode(
                TenantID.self, Int64.self, JobID.self, TaskKind.self, Int?.self, Bool.self, Int.self, Int64.self,
                Bool.self, String?.self)
            return (
                claim: ClaimedTask(
                    tenant: tenant, id: id, job: job, kind: kind, part: part, isLong: isLong, attempt: attempt,
                    fence: fence, trace: traceparent.flatMap(TraceContext.init(header:))), starts: starts
            )
        }
        try JobLifecycle.start(taken.filter(\.starts).map { ($0.claim.job, $0.claim.tenant) }, in: transaction)
        return taken.map(\.claim)
    }

    /// Notes that these tenants have no work, if that is so. The caller has locked their rows and found no task.
    ///
    /// Whoever is just making a task ready holds a share lock on the row until the task can be seen. A lock that excludes that one, and then a
    /// fresh look, make sure that no task is forgotten. Rows that somebody holds are left as they are; the next claim tries again.
    func clear(_ tenants: [TenantID], in transaction: PostgresTransaction) throws {
        let locked = try transaction.all(
            """
            SELECT tenant_id FROM tenant_turns WHERE tenant_id = ANY(\(tenants.map(\.rawValue))) AND \(rows)
            FOR UPDATE SKIP LOCKED
            """, as: String.self)
        try transaction.execute(
            """
            UPDATE tenant_turns o
            SET has_work = false, look_at = (
                SELECT min(run_after) FROM tasks WHERE tenant_id = o.tenant_id AND \(waiting) AND run_after > statement_timestamp())
            WHERE tenant_id = ANY(\(locked)) AND \(rows) AND NOT \(hasWork("o.tenant_id"))
            """)
    }

    /// A condition: whether the tenant has a task that may be claimed now.
    private func hasWork(_ tenant: PostgresQuery) -> PostgresQuery {
        """
        (EXISTS (SELECT FROM tasks WHERE tenant_id = \(tenant) AND \(claimable) AND NOT starts_job)
            OR EXISTS (SELECT FROM tasks WHERE tenant_id = \(tenant) AND \(claimable) AND starts_job)
                AND EXISTS (SELECT FROM tenant_load l \(limits(of: "l.tenant_id"))
                    WHERE l.tenant_id = \(tenant) AND \(mayStart("l"))))
        """
    }

    /// Returns the tenants, except those in `full`, that have a task which may be claimed now.
    func waiting(besides full: [TenantID], in transaction: PostgresTransaction) throws -> [TenantID] {
        try transaction.all(
            """
            SELECT tenant_id FROM tenant_turns o
            WHERE \(rows) AND has_work AND last_turn >= \(front) AND tenant_id <> ALL(\(full.map(\.rawValue))::text[])
                AND \(hasWork("o.tenant_id"))
            """, as: TenantID.self)
    }

    /// A condition: whether any tenant but these may have work. Costs little, and is never false while one has.
    func isAnyWaiting(besides passedOver: [TenantID] = []) -> PostgresQuery {
        let others: PostgresQuery =
            passedOver.isEmpty ? "" : "AND tenant_id <> ALL(\(passedOver.map(\.rawValue))::text[])"
        return "EXISTS (SELECT FROM tenant_turns WHERE \(rows) AND has_work AND last_turn >= \(front) \(others))"
    }

    /// Sets the front to the first row with work. One transaction at a time.
    private func moveFront(in transaction: PostgresTransaction) throws {
        let name: PostgresQuery =
            "\(unescaped: slotKind.rawValue)_\(unescaped: priority == .priority ? "priority" : "normal")_front"
        try transaction.query(
            """
            SELECT CASE WHEN pg_try_advisory_xact_lock(hashtext('verbatim.\(name)')) THEN setval('\(name)', first) END
            FROM (SELECT min(last_turn) AS first, \(front) AS front FROM tenant_turns
                WHERE \(rows) AND has_work AND last_turn >= \(front) - \(Self.lookBack)) f
            WHERE first <> front
            """)
    }

    /// A condition: whether ``tend(everywhere:in:)`` is due. It is when a row's time has come, every two seconds while anybody has work, and every half
    /// minute.
    static let isUntended: PostgresQuery = """
        (EXISTS (SELECT FROM tenant_turns WHERE NOT has_work AND look_at <= now())
            OR coalesce(pg_sequence_last_value('turns_tended_at'), 0) < extract(epoch FROM now()) - 2
                AND (\(PostgresQuery(joining: all.map { $0.isAnyWaiting() }, separator: " OR ")))
            OR coalesce(pg_sequence_last_value('turns_tended_at'), 0) < extract(epoch FROM now()) - 30)
        """

    /// Every order.
    static let all = SlotKind.allCases.flatMap { [TenantTurns($0, .priority), TenantTurns($0, .normal)] }

    /// Brings rows before the front back into the order, and rows whose time has come. One transaction at a time.
    ///
    /// - Parameter everywhere: looks however far before the front, and at every row without work. That takes long with many tenants, or while an
    ///   old transaction is open. Nothing should be found there; it is a net below.
    static func tend(everywhere: Bool = false, in transaction: PostgresTransaction) throws {
        let isMine = try transaction.first(
            """
            SELECT pg_try_advisory_xact_lock(hashtext('verbatim.tenant_turns'))
                AND setval('turns_tended_at', extract(epoch FROM now())::int8) > 0
            """, as: Bool.self)
        guard isMine == true else { return }
        let reach = everywhere ? Int64.max / 2 : Int64(tendedBack)
        try transaction.execute(
            """
            UPDATE tenant_turns SET has_work = true, look_at = NULL, entered = DEFAULT,
                last_turn = greatest(last_turn, turn_front(slot_kind, priority))
            WHERE (tenant_id, slot_kind, priority) IN (
                SELECT tenant_id, slot_kind, priority FROM tenant_turns
                WHERE NOT has_work AND look_at <= now() ORDER BY look_at LIMIT 10000 FOR NO KEY UPDATE SKIP LOCKED)
            """)
        for turns in all {
            try transaction.execute(
                """
                UPDATE tenant_turns SET last_turn = \(turns.front)
                WHERE (tenant_id, slot_kind, priority) IN (
                    SELECT tenant_id, slot_kind, priority FROM tenant_turns
                    WHERE \(turns.rows) AND has_work AND last_turn < \(turns.front) AND last_turn >= \(turns.front) - \(reach)
                    FOR NO KEY UPDATE SKIP LOCKED)
                """)
            guard everywhere else { continue }
            try transaction.execute(
                """
                UPDATE tenant_turns SET has_work = true, look_at = NULL, last_turn = greatest(last_turn, \(turns.front))
                WHERE (tenant_id, slot_kind, priority) IN (
                    SELECT tenant_id, slot_kind, priority FROM tenant_turns o
                    WHERE \(turns.rows) AND NOT has_work AND \(turns.hasWork("o.tenant_id")) FOR NO KEY UPDATE SKIP LOCKED)
                """)
        }
    }
}
