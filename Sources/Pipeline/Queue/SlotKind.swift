import Postgres

/// A kind of slot of a worker, and the tasks that need one. Each kind has turns of its own.
enum SlotKind: String, Sendable, CaseIterable {
    case engines, fetches
    /// Preparations of long recordings.
    case preparations

    /// A condition on the table `tasks`, in the words of its index.
    var isNeeded: PostgresQuery {
        "kind <> 'clean' AND NOT is_poll AND slot_kind(kind, is_long) = '\(unescaped: rawValue)'"
    }
}
