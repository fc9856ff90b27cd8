import Logging
import Synchronization

// Sends HTTP requests. All outgoing requests of this program go through such a client.
//
// Guarantees for every request: only http or https, verified TLS, no proxy from the environment, no cookies, all limits of
// `EgressLimits`, and for customers' URLs the `AddressPolicy` at each connection. Blocking work is done on threads of its own.
// Logs contain only the method, host, status and time.

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

    /// Creates a client. Its threads start with the first request that needs them.
    package init(configuration: EgressConfiguration = EgressConfiguration(), logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    deinit {
        for thread in state.withLock({ $0.threads }) { thread.beginClosing() }
    }

    /// Returns the response, whatever its status, with its body in memory.
    ///
    /// If the server closes an idle connection just as a request is sent on it, the request is sent again on a new connection. So a
    /// POST may arrive twice, unless it has a connection of its own.
    /// - Throws: `EgressError`, or `CancellationError` if the task was cancelled. The connection is closed by then.
    package func send(_ request: EgressRequest) async throws -> EgressResponse {
        try await perform(request, sink: nil)
    }

    /// Writes the body of a 2xx response to a file descriptor, at its offset, as it arrives.
    ///
    /// The caller keeps the descriptor open until this returns, and closes it. After an error, part of a body may have been written.
    /// For other statuses nothing is written, and `body` is the beginning of the response's body (64 KiB).
    /// - Throws: Like `send`; `responseTooLarge` at once if the announced length is too large.
    package func download(_ request: EgressRequest, to fileDescriptor: Int32) async throws -> EgressResponse {
        try await perform(request, sink: fileDescriptor)
    }

    /// Checks a customer's URL by its form and by the addresses to which its host resolves now. Connects to nothing.
    ///
    /// A name that cannot be resolved within `limit` passes, because the check at each connection is what counts.
    /// - Throws: `EgressError`: `badURL`, also for a URL with a user name or password; `unsupportedScheme`; `refusedAddress` if all
    ///   addresses are refused.
    package func judge(customerURL url: String, within limit: Duration) async throws {
        let spelled = try EgressURL(url)
        guard !spelled.hasCredentials else { throw EgressError.badURL }
        // Also for spellings of addresses that this machine's resolver does not know, because another resolver may.
        guard !spelled.isRefused(by: configuration.addressPolicy) else {
            throw EgressError.refusedAddress(spelled.host)
        }
        var request = EgressRequest(
            url: url, limits: EgressLimits(total: limit, connect: limit, responseBytes: 0), trust: .customerSupplied,
            // On an idle connection the request would be sent.
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

    /// Like `download(_:to:)`, but `judge` decides what to do with the body of a successful response once it has begun. If the announced
    /// length exceeds the request's limit, the judge is not asked.
    /// - Throws: Also `EgressError.unwanted` if the judge stops the download.
    package func download(
        _ request: EgressRequest, to fileDescriptor: Int32, judge: @escaping EgressJudge
    ) async throws -> EgressResponse {
        try await perform(request, sink: fileDescriptor, judge: judge)
    }

    /// Ends all requests with `EgressError.closed`, closes all connections and ends the threads.
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
