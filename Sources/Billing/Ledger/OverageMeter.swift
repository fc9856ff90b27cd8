/// Says how much of each share of a month is overage. Shares must come in the order in which they were reserved.
///
/// The part of a share beyond its quota is overage, if the job accepts overage. A job that doesn't accept it makes none, but its seconds count
/// toward the total for later shares.
///
/// SQL computes the same for many rows at once, in `JobBill` and `LedgerCheckQueries`, and `UsageBlocks` by blocks of rows; change them together.
/// Why overage is counted in seconds and not rounded per job: docs/decisions/0014-the-ledger.md.
package struct OverageMeter: Sendable {
    /// The sum of the shares so far.
    package private(set) var usedSeconds: Int64 = 0

    package init() {}

    init(usedSeconds: Int64) { self.usedSeconds = usedSeconds }

    /// Adds the next share. Returns its overage in seconds.
    package mutating func add(_ share: LedgerShare) -> Int64 {
        add(
            seconds: share.seconds, includedSeconds: share.includedSeconds, acceptsOverage: share.entry.acceptsOverage)
    }

    mutating func add(seconds: Int64, includedSeconds: Int64, acceptsOverage: Bool) -> Int64 {
        let before = usedSeconds
        usedSeconds += seconds
        return acceptsOverage ? max(0, usedSeconds - max(before, includedSeconds)) : 0
    }
}
