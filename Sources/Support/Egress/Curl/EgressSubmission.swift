// A request on its way to the client's thread, with the waiting caller.

struct EgressSubmission: Sendable {
    let id: UInt64
    let request: EgressRequest
    /// The file descriptor of a download.
    let sink: Int32?
    /// Decides what to do with a successful response.
    let judge: EgressJudge?
    let deadline: ContinuousClock.Instant
    /// Resumed exactly once, by the thread.
    let continuation: CheckedContinuation<EgressResponse, any Error>
}
