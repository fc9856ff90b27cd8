import Logging

/// The door to `verbatim-media`, the one process that lets libav see a stranger's bytes.
///
/// Every call starts a child with an empty environment, whose only input is the opened file and whose own sandbox lets
/// it open nothing else. A child that is silent for too long, whose caller is cancelled, or whose output nobody wants
/// any more is killed at once and reaped before the call returns. Whatever hostile bytes do to the child, the caller
/// sees a `MediaError`.
package struct MediaTool: Sendable {
    /// How long a child may go without giving a byte, in wall-clock time, before it is killed.
    package struct Patience: Sendable {
        /// For a probe, which answers once, at its end.
        package var probe: Duration
        /// For decoding; time that the sink takes does not count.
        package var decode: Duration

        package init(probe: Duration = .seconds(90), decode: Duration = .seconds(120)) {
            self.probe = probe
            self.decode = decode
        }
    }

    let executable: String
    let patience: Patience
    let probes: Gate
    let logger: Logger
    /// What was spent on files that were refused, by account.
    package let refusals: RefusalBudget

    /// - Parameters:
    ///   - executable: Path of `verbatim-media`.
    ///   - maxConcurrentProbes: How many probes run at a time, at least 1; further ones wait, and tenants take turns.
    ///   - maxWaitingProbes: How many may wait; one more throws `MediaError.overloaded`.
    package init(
        executable: String, maxConcurrentProbes: Int, maxWaitingProbes: Int = 256, patience: Patience = Patience(),
        refusals: RefusalBudget = RefusalBudget(), logger: Logger
    ) {
        self.executable = executable
        self.patience = patience
        self.refusals = refusals
        self.logger = logger
        probes = Gate(width: maxConcurrentProbes, maxWaiting: maxWaitingProbes)
    }
}
