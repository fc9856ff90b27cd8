/// Seconds of a record that were reserved together: those of the job's admission, or those by which it grew at one time.
package struct LedgerShare: Sendable, Equatable {
    package let entry: LedgerEntry
    /// Of the record's.
    package let seconds: Int64
    /// The month's quota for these seconds.
    package let includedSeconds: Int64
    /// No other share of the record comes after this one.
    package let isLast: Bool

    package init(of entry: LedgerEntry, seconds: Int64, includedSeconds: Int64, isLast: Bool) {
        self.entry = entry
        self.seconds = seconds
        self.includedSeconds = includedSeconds
        self.isLast = isLast
    }
}
