/// Runs along a month's records in the order of admission and tells of each how much of it is overage.
///
/// What of a record lies beyond the quota in force at its own admission is overage, where it was admitted with `accept_overage`; a record
/// without makes none, but moves the total on for those after it.
package struct OverageMeter: Sendable {
    /// Of the records so far.
    package private(set) var usedSeconds: Int64 = 0

    package init() {}

    init(usedSeconds: Int64) { self.usedSeconds = usedSeconds }

    /// The overage of the next record, in seconds.
    package mutating func add(_ entry: LedgerEntry) -> Int64 {
        let before = usedSeconds
        usedSeconds += entry.seconds
        return entry.acceptsOverage ? max(0, usedSeconds - max(before, entry.includedSeconds)) : 0
    }
}
