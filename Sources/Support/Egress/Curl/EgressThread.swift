import CCurl
import Concurrency
import Glibc
import Synchronization

// Passes requests from any task to a transfer thread, and the responses back.
//
// Each level of trust has its own thread and connections. Otherwise libcurl could reuse a connection to an operator's private
// service for a customer's URL that names the same host. Owns the thread, which owns the handles.

final class EgressThread: Sendable {
    /// What the thread has not handled yet.
    struct Inbox: Sendable {
        var submissions: [EgressSubmission] = []
        var cancellations: [UInt64] = []
        var isClosing = false
    }

    /// Sendable although it is a pointer: other threads only call `curl_multi_wakeup`, which is made for that. They do so under a
    /// lock, under which the thread takes the pointer back before it frees the handle.
    private struct WakeupHandle: @unchecked Sendable {
        let raw: UnsafeMutableRawPointer
    }

    private struct State {
        var inbox = Inbox()
        var nextID: UInt64 = 0
        /// The number of unfinished requests that count toward `maxConcurrent`.
        var unfinished = 0
        var hasEnded = false
        var wakeup: WakeupHandle?
        var closers: [CheckedContinuation<Void, Never>] = []

        func wake() {
            if let wakeup { curl_multi_wakeup(wakeup.raw) }
        }
    }

    private let state = Mutex(State())
    private let configuration: EgressConfiguration
    private let maxConcurrent: Int

    /// Starts the thread.
    /// - Parameters:
    ///   - name: The thread's name, at most 15 bytes.
    ///   - maxConcurrent: How many transfers may run at the same time.
    init(name: String, maxConcurrent: Int, configuration: EgressConfiguration) throws(EgressError) {
        self.configuration = configuration
        self.maxConcurrent = maxConcurrent
        guard CurlHandle.isInitialized, let multi = curl_multi_init() else {
            throw .failed(code: Int(CURLE_FAILED_INIT.rawValue))
        }
        let handle = WakeupHandle(raw: multi)
        state.withLock { $0.wakeup = handle }
        do throws(DetachedThread.NotStarted) {
            try DetachedThread.start(name: name) { self.run(handle) }
        } catch {
            curl_multi_cleanup(multi)
            throw .failed(code: Int(CURLE_FAILED_INIT.rawValue))
        }
    }

    private func run(_ handle: WakeupHandle) {
        // If a peer is gone, only its transfer may fail. Without this, OpenSSL's writes would raise SIGPIPE, which ends the process.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        EgressLoop(thread: self, multi: handle.raw, maxConcurrent: maxConcurrent, configuration: configuration).run()
        end()
    }

    func perform(_ request: EgressRequest, sink: Int32?, judge: EgressJudge?) async throws -> EgressResponse {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let deadline = ContinuousClock.now + request.limits.total
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                submit(
                    EgressSubmission(
                        id: id, request: request, sink: sink, judge: judge, deadline: deadline,
                        continuation: continuation))
                // The cancellation handler may have run before the request was submitted.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    /// Ends all requests with `.closed`. Returns when the thread has freed everything.
    func close() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.closers.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() } else { beginClosing() }
        }
    }

    func beginClosing() {
        state.withLock { state in
            state.inbox.isClosing = true
            state.wake()
        }
    }

    private func submit(_ submission: EgressSubmission) {
        let refusal: EgressError? = state.withLock { state in
            if state.inbox.isClosing || state.hasEnded { return .closed }
            if submission.request.waitsInLine {
                if state.unfinished >= maxConcurrent + configuration.maxWaiting { return .overloaded }
                state.unfinished += 1
            }
            state.inbox.submissions.append(submission)
            state.wake()
            return nil
        }
        if let refusal { submission.continuation.resume(throwing: refusal) }
    }

    private func cancel(_ id: UInt64) {
        state.withLock { state in
            guard !state.hasEnded else { return }
            state.inbox.cancellations.append(id)
            state.wake()
        }
    }

    // The functions that the thread calls.

    func takeInbox() -> Inbox {
        state.withLock { state in
            let inbox = state.inbox
            state.inbox = Inbox(isClosing: inbox.isClosing)
            return inbox
        }
    }

    func finish(_ submission: EgressSubmission, _ result: Result<EgressResponse, any Error>) {
        // Counted before the caller continues, because it may send the next request at once.
        if submission.request.waitsInLine { state.withLock { $0.unfinished -= 1 } }
        submission.continuation.resume(with: result)
    }

    /// From now on no other thread uses the handle.
    func takeBackHandle() {
        state.withLock { $0.wakeup = nil }
    }

    private func end() {
        let closers = state.withLock { state in
            state.hasEnded = true
            defer { state.closers = [] }
            return state.closers
        }
        for closer in closers { closer.resume() }
    }
}

/// A request on its way to the client's thread, with the waiting caller.
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
