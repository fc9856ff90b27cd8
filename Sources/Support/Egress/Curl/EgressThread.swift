import CCurl
import Glibc
import Synchronization

// The way from any task to one transfer thread and back.
//
// Each level of trust has a thread and connections of its own, because libcurl would otherwise reuse a connection that was
// opened for an operator's private service when a customer's URL names the same host. Owns the thread, which owns the
// handles.

final class EgressThread: Sendable {
    /// What the thread has yet to see.
    struct Inbox: Sendable {
        var submissions: [EgressSubmission] = []
        var cancellations: [UInt64] = []
        var isClosing = false
    }

    /// Sendable although a pointer: the one call on it from other threads, `curl_multi_wakeup`, is made for that, and
    /// happens under the lock under which the thread takes it back before freeing it.
    private struct WakeupHandle: @unchecked Sendable {
        let raw: UnsafeMutableRawPointer
    }

    private struct State {
        var inbox = Inbox()
        var nextID: UInt64 = 0
        /// Of those that wait in line.
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
    ///   - name: The thread's, at most 15 bytes.
    ///   - maxConcurrent: Transfers under way at once.
    init(name: String, maxConcurrent: Int, configuration: EgressConfiguration) throws(EgressError) {
        self.configuration = configuration
        self.maxConcurrent = maxConcurrent
        guard CurlHandle.isInitialized, let multi = curl_multi_init() else {
            throw .failed(code: Int(CURLE_FAILED_INIT.rawValue))
        }
        let handle = WakeupHandle(raw: multi)
        state.withLock { $0.wakeup = handle }
        let entry = Unmanaged.passRetained(ThreadEntry(thread: self, name: name, multi: multi))
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, { ThreadEntry.start($0) }, entry.toOpaque())
        guard code == 0 else {
            entry.release()
            curl_multi_cleanup(multi)
            throw .failed(code: Int(CURLE_FAILED_INIT.rawValue))
        }
        pthread_detach(thread)
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
                // The handler may have run before there was anything to cancel.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    /// Ends what is under way with `.closed`; returns when the thread has freed everything.
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

    // What the thread calls.

    func takeInbox() -> Inbox {
        state.withLock { state in
            let inbox = state.inbox
            state.inbox = Inbox(isClosing: inbox.isClosing)
            return inbox
        }
    }

    func finish(_ submission: EgressSubmission, _ result: Result<EgressResponse, any Error>) {
        // Counted before the caller goes on, who may send the next at once.
        if submission.request.waitsInLine { state.withLock { $0.unfinished -= 1 } }
        submission.continuation.resume(with: result)
    }

    /// From here on no other thread touches the handle.
    func takeBackHandle() {
        state.withLock { $0.wakeup = nil }
    }

    func end() {
        let closers = state.withLock { state in
            state.hasEnded = true
            defer { state.closers = [] }
            return state.closers
        }
        for closer in closers { closer.resume() }
    }

    /// Carries what the thread starts with across `pthread_create`, which hands it over once.
    private final class ThreadEntry {
        private let thread: EgressThread
        private let name: String
        private let multi: UnsafeMutableRawPointer

        init(thread: EgressThread, name: String, multi: UnsafeMutableRawPointer) {
            self.thread = thread
            self.name = name
            self.multi = multi
        }

        static func start(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
            guard let context else { return nil }
            Unmanaged<ThreadEntry>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }

        private func run() {
            verbatim_curl_name_this_thread(name)
            // A peer that has gone is an error of its transfer; OpenSSL's writes would make it the process's end.
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGPIPE)
            pthread_sigmask(SIG_BLOCK, &signals, nil)
            EgressLoop(
                thread: thread, multi: multi, maxConcurrent: thread.maxConcurrent, configuration: thread.configuration
            ).run()
            thread.end()
        }
    }
}
