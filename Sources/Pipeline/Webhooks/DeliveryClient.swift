import Egress
import Logging
import Postgres
import Tenancy

/// Signs one event and sends it to its endpoint, once.
package struct DeliveryClient: Sendable {
    /// The time-out of an attempt, from connecting to the response.
    package static let timeout = Duration.seconds(15)
    private static let readBytes = 64 << 10

    private let egress: EgressClient
    /// The time-out of an attempt.
    let timeout: Duration
    private let clock: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - policy: the addresses to which it may connect.
    ///   - resolver: for tests. Nil: the system's resolver.
    package init(
        policy: AddressPolicy = AddressPolicy(), resolver: NameResolver? = nil, concurrency: Int,
        timeout: Duration = Self.timeout, logger: Logger,
        clock: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        egress = EgressClient(
            configuration: EgressConfiguration(
                maxConcurrent: concurrency, addressPolicy: policy, resolver: resolver,
                userAgent: "Verbatim-Webhooks/1"), logger: logger)
        self.timeout = timeout
        self.clock = clock
    }

    /// Like `init(policy:)`, with blocks of addresses in the form of `VERBATIM_EGRESS_ALLOW`.
    package init(
        allowing blocks: String, concurrency: Int = 1, timeout: Duration = Self.timeout, logger: Logger
    ) throws {
        self.init(
            policy: try AddressPolicy(allowing: blocks), concurrency: concurrency, timeout: timeout, logger: logger)
    }

    /// Sends `body` to `url`. Does not throw: errors are part of the result.
    package func send(
        _ id: WebhookEventID, body: [UInt8], to url: String, signedWith secrets: WebhookSecrets
    ) async -> DeliveryResult {
        let request = EgressRequest(
            method: "POST", url: url,
            headers: [(name: "Content-Type", value: "application/json")] + TraceContext.callHeaders
                + WebhookSignature.headers(id, body: body, secrets: secrets, at: clock()),
            body: .bytes(body),
            limits: EgressLimits(total: timeout, connect: timeout, responseBytes: Self.readBytes),
            trust: .customerSupplied, ownConnection: true, needsBody: false)
        let started = ContinuousClock.now
        do {
            let answer = try await egress.send(request)
            return DeliveryResult(
                statusCode: answer.status, latencyMilliseconds: (ContinuousClock.now - started).wholeMilliseconds,
                error: DeliveryError(status: answer.status),
                retryAt: answer.headers["Retry-After"].flatMap { RetryAfter.time($0, now: clock()) })
        } catch {
            return DeliveryResult(
                statusCode: nil, latencyMilliseconds: (ContinuousClock.now - started).wholeMilliseconds,
                error: DeliveryError(error))
        }
    }

    /// Ends all attempts in progress.
    package func close() async { await egress.close() }
}
