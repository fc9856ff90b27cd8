import CCurl

// The work of a transfer thread: takes requests and cancellations, drives libcurl, and returns responses.
//
// Owns the multi handle with its connections, and every transfer. It waits only in `curl_multi_poll`. A new request, a
// cancellation and the end wake it up.

final class EgressLoop {
    private let thread: EgressThread
    private let multi: UnsafeMutableRawPointer
    private let configuration: EgressConfiguration
    private let maxConcurrent: Int
    private var waiting: [EgressSubmission] = []
    /// The running transfers by easy handle, with which libcurl identifies them.
    private var active: [UnsafeMutableRawPointer: EgressTransfer] = [:]
    /// How many of the active transfers count toward `maxConcurrent`.
    private var inPlaces = 0
    private let clock = ContinuousClock()

    init(
        thread: EgressThread, multi: UnsafeMutableRawPointer, maxConcurrent: Int, configuration: EgressConfiguration
    ) {
        self.thread = thread
        self.maxConcurrent = maxConcurrent
        self.multi = multi
        self.configuration = configuration
        verbatim_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, configuration.maxIdleConnections)
    }

    /// Runs until the thread closes, and then frees everything.
    func run() {
        while true {
            let inbox = thread.takeInbox()
            if inbox.isClosing {
                waiting += inbox.submissions
                break
            }
            waiting += inbox.submissions
            inbox.cancellations.forEach(cancel)
            startWaiting()
            drive()
            endBadTransfers()
            endAnsweredTransfers()
            if waiting.isEmpty || inPlaces >= maxConcurrent {
                curl_multi_poll(multi, nil, 0, Int32(untilNextDuty().wholeMilliseconds), nil)
            }
        }
        for submission in waiting { thread.finish(submission, .failure(EgressError.closed)) }
        for transfer in active.values { end(transfer, .failure(EgressError.closed)) }
        thread.takeBackHandle()
        curl_multi_cleanup(multi)
    }

    private func cancel(_ id: UInt64) {
        if let index = waiting.firstIndex(where: { $0.id == id }) {
            thread.finish(waiting.remove(at: index), .failure(CancellationError()))
        } else if let transfer = active.values.first(where: { $0.submission.id == id }) {
            end(transfer, .failure(CancellationError()))
        }
    }

    private func startWaiting() {
        let now = clock.now
        let late = waiting.filter { $0.deadline <= now }
        if !late.isEmpty {
            waiting.removeAll { $0.deadline <= now }
            for submission in late { thread.finish(submission, .failure(EgressError.timedOut)) }
        }
        let urgent = waiting.filter { !$0.request.waitsInLine }
        if !urgent.isEmpty {
            waiting.removeAll { !$0.request.waitsInLine }
            for submission in urgent { start(submission, now: now) }
        }
        let count = min(waiting.count, maxConcurrent - inPlaces)
        guard count > 0 else { return }
        let starting = waiting.prefix(count)
        waiting.removeFirst(count)
        for submission in starting { start(submission, now: now) }
    }

    private func start(_ submission: EgressSubmission, now: ContinuousClock.Instant) {
        do throws(EgressError) {
            let transfer = try EgressTransfer(submission, configuration: configuration, now: now)
            let code = curl_multi_add_handle(multi, transfer.handle.raw)
            guard code == CURLM_OK else { throw .failed(code: Int(code.rawValue)) }
            active[transfer.handle.raw] = transfer
            if submission.request.waitsInLine { inPlaces += 1 }
        } catch {
            thread.finish(submission, .failure(error))
        }
    }

    private func drive() {
        var running: Int32 = 0
        let code = curl_multi_perform(multi, &running)
        guard code == CURLM_OK else {
            // This has never been seen. Without it, the callers would wait for their time-outs.
            for transfer in active.values { end(transfer, .failure(EgressError.failed(code: Int(code.rawValue)))) }
            return
        }
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let raw = message.pointee.easy_handle,
                let transfer = active[raw]
            else { continue }
            end(transfer, transfer.outcome(message.pointee.data.result, now: clock.now))
        }
    }

    private func endBadTransfers() {
        let now = clock.now
        for transfer in active.values {
            if transfer.isTooSlow(at: now) {
                end(transfer, .failure(EgressError.tooSlow))
            } else if transfer.isEndlessRedirect {
                end(transfer, .failure(transfer.redirectTooLarge))
            }
        }
    }

    /// Ends transfers that have their response, and whose body nobody waits for any longer.
    private func endAnsweredTransfers() {
        let now = clock.now
        for transfer in active.values where transfer.bodyDeadline.map({ $0 <= now }) == true {
            end(transfer, transfer.outcome(CURLE_OK, now: now))
        }
    }

    /// Ends a transfer. If it is unfinished, removing it from the multi handle closes its connection, before the caller continues.
    private func end(_ transfer: EgressTransfer, _ result: Result<EgressResponse, any Error>) {
        curl_multi_remove_handle(multi, transfer.handle.raw)
        active[transfer.handle.raw] = nil
        if transfer.submission.request.waitsInLine { inPlaces -= 1 }
        thread.finish(transfer.submission, result)
    }

    /// Returns how long to wait at most. libcurl's own timers shorten the wait further.
    private func untilNextDuty() -> Duration {
        let duties =
            waiting.map(\.deadline) + active.values.flatMap { [$0.nextRateCheck, $0.bodyDeadline].compactMap(\.self) }
        guard let next = duties.min() else { return .seconds(60) }
        return min(.seconds(60), next - clock.now)
    }
}
