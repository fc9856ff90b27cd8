import Billing
import Postgres

/// What there is to do for workers, at one moment.
struct DueTasks: Sendable {
    /// The kinds of slots for which tenants may have work.
    let slotKinds: Set<SlotKind>
    let cleanups: Bool
    /// Whether an external engine is to be asked.
    let polls: Bool
    /// Whether a lease has expired.
    let lost: Bool
    /// Whether the order of turns is to be put right.
    let untended: Bool

    /// Each a condition that uses an index, in the order of `init`.
    static var conditions: [PostgresQuery] {
        SlotKind.allCases.map { slotKind in
            """
            (\(TenantTurns(slotKind, .priority).isAnyWaiting()) OR \(TenantTurns(slotKind, .normal).isAnyWaiting()))
            """
        } + [
            "EXISTS (SELECT FROM tasks WHERE status = 'ready' AND kind = 'clean' AND run_after <= now())",
            "EXISTS (SELECT FROM tasks WHERE status = 'ready' AND is_poll AND run_after <= now())",
            "EXISTS (SELECT FROM tasks WHERE status = 'running' AND lease_until < now())",
            TenantTurns.isUntended,
        ]
    }

    init(_ due: [Bool]) {
        let kinds = SlotKind.allCases
        slotKinds = Set(zip(kinds, due).filter(\.1).map(\.0))
        func isDue(_ place: Int) -> Bool { due.indices.contains(kinds.count + place) && due[kinds.count + place] }
        (cleanups, polls, lost, untended) = (isDue(0), isDue(1), isDue(2), isDue(3))
    }
}
