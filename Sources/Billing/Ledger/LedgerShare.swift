/// Seconds of a usage record that were reserved together: those of the job's admission, or those of one increase.
package struct LedgerShare: Sendable, Equatable {
    package let entry: LedgerEntry
    /// How many of the record's seconds belong to this share.
    package let seconds: Int64
    /// The month's quota that applies to this share, in seconds.
    package let includedSeconds: Int64
    /// Whether this is the record's last share.
    package let isLast: Bool

    package init(of entry: LedgerEntry, seconds: Int64, includedSeconds: Int64, isLast: Bool) {
        self.entry = entry
        self.seconds = seconds
        self.includedSeconds = includedSeconds
        self.isLast = isLast
    }
}
