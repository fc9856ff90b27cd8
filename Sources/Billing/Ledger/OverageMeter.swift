/// Runs along a month's records, share by share in the order in which their seconds were reserved, and tells of each share how much of it is
/// overage.
///
/// What of a share lies beyond its quota is overage, where the job was admitted with `accept_overage`; a record without makes none, but moves
/// the total on for those after it.
package struct OverageMeter: Sendable {
    /// Of the shares so far.
    package private(set) var usedSeconds: Int64 = 0

    package init() {}

    init(usedSeconds: Int64) { self.usedSeconds = usedSeconds }

    /// The overage of the next share, in seconds.
    package mutating func add(_ share: LedgerShare) -> Int64 {
        let before = usedSeconds
        usedSeconds += share.seconds
        return share.entry.acceptsOverage ? max(0, usedSeconds - max(before, share.includedSeconds)) : 0
    }
}
