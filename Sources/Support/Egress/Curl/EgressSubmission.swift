// A request on its way to the client's thread, with the caller that waits for it.

struct EgressSubmission: Sendable {
    let id: UInt64
    let request: EgressRequest
    /// Where a download goes.
    let sink: Int32?
    /// Decides what becomes of its success.
    let judge: EgressJudge?
    let deadline: ContinuousClock.Instant
    /// Resumed exactly once, by the thread.
    let continuation: CheckedContinuation<EgressResponse, any Error>
}
