import Logging
import Synchronization

// The one door out: every request of this program to anything outside goes through a client of this kind.
//
// Guarantees, for every request: http or https only, TLS verified, no proxy from the environment, no cookies, all the
// limits of `EgressLimits`, and for customers' URLs the `AddressPolicy` at each connection. Blocking work is done on a
// thread of its own. Logs hold the method, host, status and time, never more.

package final class EgressClient: Sendable {
    private enum State {
        case open([EgressTrust: EgressThread])
        case closed([EgressThread])

        var threads: [EgressThread] {
            switch self {
            case .open(let threads): Array(threads.values)
            case .closed(let threads): threads
            }
        }
    }

    private let state = Mutex(State.open([:]))
    private let configuration: EgressConfiguration
    private let logger: Logger

    /// Threads start with the first request that needs them.
    package init(configuration: EgressConfiguration = EgressConfiguration(), logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    deinit {
        for thread in state.withLock({ $0.threads }) { thread.beginClosing() }
    }

    /// Returns the answer, whatever its status, with its body in memory.
    ///
    /// A request that meets a kept connection just as the server closes it is sent once more on a new one: a POST may
    /// therefore arrive twice, unless it has a connection of its own.
    /// - Throws: `EgressError`, or `CancellationError` after the task was cancelled, when the connection is closed.
    package func send(_ request: EgressRequest) async throws -> EgressResponse {
        try await perform(request, sink: nil)
    }

    /// Writes the body of a 2xx answer to a descriptor, at its offset, as it comes; no other answer reaches it.
    ///
    /// The descriptor is for a file and stays the caller's, who keeps it open until this returns. After an error, part
    /// of a body may have been written. `body` then holds only the beginning (64 KiB) of an unsuccessful answer.
    /// - Throws: As `send`; `responseTooLarge` at once when the answer announces too much.
    package func download(_ request: EgressRequest, to fileDescriptor: Int32) async throws -> EgressResponse {
        try await perform(request, sink: fileDescriptor)
    }

    /// Judges a customer's URL by its form and by what its host resolves to now. Connects to nothing.
    ///
    /// A name that does not resolve in time passes: what decides is the judgment at each connection.
    /// - Throws: `EgressError`: `badURL` also for one with a user name or password, `unsupportedScheme`, `refusedAddress` when
    ///   every address is refused.
    package func judge(customerURL url: String, within limit: Duration) async throws {
        let spelled = try EgressURL(url)
        guard !spelled.hasCredentials else { throw EgressError.badURL }
        // Also in spellings that this machine's resolver does not know: another's may.
        guard !spelled.isRefused(by: configuration.addressPolicy) else {
            throw EgressError.refusedAddress(spelled.host)
        }
        var request = EgressRequest(
            url: url, limits: EgressLimits(total: limit, connect: limit, responseBytes: 0), trust: .customerSupplied,
            // On one that was kept the request would be sent.
            ownConnection: true)
        request.isProbe = true
        do {
            _ = try await perform(request, sink: nil)
        } catch let error as EgressError {
            switch error {
            case .couldNotConnect, .couldNotResolve, .timedOut, .overloaded: return
            default: throw error
            }
        }
    }

    /// The same, but for a success `judge` decides what becomes of its body once it has begun. A length that is announced and larger
    /// than the request's limit is not judged first.
    /// - Throws: Also `EgressError.unwanted`, when it is stopped.
    package func download(
        _ request: EgressRequest, to fileDescriptor: Int32, judge: @escaping EgressJudge
    ) async throws -> EgressResponse {
        try await perform(request, sink: fileDescriptor, judge: judge)
    }

    /// Ends what is under way with `EgressError.closed`, closes all connections and ends the threads.
    package func close() async {
        let threads = state.withLock { state in
            let threads = state.threads
            state = .closed(threads)
            return threads
        }
        for thread in threads { await thread.close() }
    }

    private func perform(_ request: EgressRequest, sink: Int32?, judge: EgressJudge? = nil) async throws
        -> EgressResponse
    {
        try Task.checkCancellation()
        try request.validate()
        let host = try CurlURL(request.url).host
        let thread = try thread(for: request.trust)
        let started = ContinuousClock.now
        do {
            let response = try await thread.perform(request, sink: sink, judge: judge)
            log(request, host, outcome: "\(response.status)", since: started)
            return response
        } catch {
            log(request, host, outcome: (error as? EgressError)?.description ?? "cancelled", since: started)
            throw error
        }
    }

    private func thread(for trust: EgressTrust) throws -> EgressThread {
        try state.withLock { state in
            guard case .open(var threads) = state else { throw EgressError.closed }
            if let thread = threads[trust] { return thread }
            let name =
                switch trust {
                case .operatorConfigured: "egress-operator"
                case .customerSupplied: "egress-customer"
                }
            let thread = try EgressThread(
                name: name, maxConcurrent: configuration.maxConcurrent(for: trust), configuration: configuration)
            threads[trust] = thread
            state = .open(threads)
            return thread
        }
    }

    private func log(
        _ request: EgressRequest, _ host: String, outcome: String, since started: ContinuousClock.Instant
    ) {
        logger.debug(
            "egress",
            metadata: [
                "method": "\(request.method)", "host": "\(host)", "outcome": "\(outcome)",
                "ms": "\((ContinuousClock.now - started).wholeMilliseconds)",
            ])
    }
}
