import Egress
import Logging
import Postgres

/// Gives the credentials that calls are signed with. Those of a role are fetched with the first call and renewed before they expire.
///
/// - One request runs at a time, however many calls need its result.
/// - While the old credentials are valid, calls use them and wait for nothing. If a renewal fails, it is tried again every half minute or so.
/// - Without valid credentials, calls wait for the request. If it fails, all calls within the next second or two fail without another one.
package actor S3CredentialProvider {
    /// Credentials are renewed this long before they expire, at random, so that nodes don't renew at the same time; but not before half of their
    /// time has passed.
    private static let lead = 300.0...600.0
    /// How long after a failure it is tried again, in seconds: with valid credentials, and without.
    private static let pause = 30.0...60.0
    private static let shortPause = 1.0...2.0
    /// How often the store may cause a renewal by rejecting what should be valid.
    private static let forcedPause = 10.0...20.0
    /// How long expired credentials of an instance are used before it is asked again.
    private static let stalePause = 300.0...600.0
    /// The shortest time between two renewals.
    private static let shortest = Duration.seconds(10)
    package static let schedule = RetrySchedule(delays: [.milliseconds(200), .seconds(1)], jitter: 0.5)

    private struct Held {
        let credentials: S3Credentials
        var renewAt: Timestamp
        /// When calls stop using them.
        var usableUntil: Timestamp
    }

    package nonisolated let source: CredentialSource
    private let client: EgressClient
    private let schedule: RetrySchedule
    private let timeout: Duration?
    private let clock: @Sendable () -> Timestamp
    private let logger: Logger
    private var held: Held?
    private var renewal: Task<S3Credentials, any Error>?
    private var failure: (error: any Error, until: Timestamp)?
    private var forcedUntil = Timestamp(milliseconds: .min)

    /// - Parameter timeout: of each request to the source, in the place of the source's own few seconds.
    package init(
        _ source: CredentialSource, client: EgressClient, schedule: RetrySchedule = S3CredentialProvider.schedule,
        timeout: Duration? = nil, clock: @escaping @Sendable () -> Timestamp = Timestamp.now, logger: Logger
    ) {
        self.source = source
        self.client = client
        self.schedule = schedule
        self.timeout = timeout
        self.clock = clock
        self.logger = logger
    }

    /// Whether the credentials are those of a role.
    nonisolated var isRole: Bool {
        if case .fixed = source { false } else { true }
    }

    /// Returns the credentials for a call that is sent now.
    ///
    /// - Throws: ``StorageError``, if there are none.
    package func current() async throws -> S3Credentials {
        if case .fixed(let credentials) = source { return credentials }
        let now = clock()
        if let held, now < held.usableUntil {
            if now >= held.renewAt { _ = begin() }
            return held.credentials
        }
        if renewal == nil, let failure, Self.pauses(failure.until, at: now, Self.shortPause) { throw failure.error }
        return try await begin().value
    }

    /// Returns other credentials than those that the store rejected. Nil if there are none, or if the store has caused a renewal just before.
    package func replacement(for rejected: S3Credentials) async -> S3Credentials? {
        guard isRole else { return nil }
        // Another call has been through this.
        if let held, !held.credentials.isSameKey(as: rejected) { return held.credentials }
        let now = clock()
        guard renewal != nil || !Self.pauses(forcedUntil, at: now, Self.forcedPause) else { return nil }
        if renewal == nil { forcedUntil = now + Self.random(Self.forcedPause) }
        guard let new = try? await begin().value, !new.isSameKey(as: rejected) else { return nil }
        return new
    }

    /// Which credentials are in use, and until when, without their values.
    package var description: String {
        guard isRole, let held else { return source.name }
        let now = clock()
        guard let end = held.credentials.expires else { return source.name }
        return "\(source.name), \(end > now ? "valid until" : "expired at") \(end.rfc3339)"
    }

    /// Returns the request that is running, or starts one. Unstructured, because the call that causes it may be cancelled while others wait.
    private func begin() -> Task<S3Credentials, any Error> {
        if let renewal { return renewal }
        let renewal = Task {
            do {
                let credentials = try await fetched()
                self.renewal = nil
                return try keep(credentials)
            } catch {
                self.renewal = nil
                return try endured(error)
            }
        }
        self.renewal = renewal
        return renewal
    }

    private func fetched() async throws -> S3Credentials {
        var generator = SystemRandomNumberGenerator()
        var failures = 0
        while true {
            do {
                return try await source.credentials(client, timeout: timeout)
            } catch let fault as CredentialFault {
                failures += 1
                guard fault.isPassing, let delay = schedule.delay(attempt: failures, using: &generator) else {
                    throw fault.error
                }
                logger.debug("the request for credentials is retried", metadata: ["error": "\(fault.error)"])
                try await Task.sleep(for: delay)
            }
        }
    }

    private func keep(_ credentials: S3Credentials) throws -> S3Credentials {
        let (now, end) = (clock(), credentials.expires ?? Timestamp(milliseconds: .max))
        if end > now {
            let lead = min(Self.random(Self.lead), (end - now) / 2)
            held = Held(
                credentials: credentials, renewAt: max(end - lead, now + Self.shortest), usableUntil: end)
            logger.info(
                "the store's credentials were renewed", metadata: ["source": "\(source.name)", "until": "\(end)"])
        } else if source.mayServeExpired {
            useExpired(credentials, "it serves expired ones")
        } else {
            throw CredentialFault.passing(
                "those of \(source.name) have already expired; is this machine's clock right?"
            ).error
        }
        failure = nil
        return credentials
    }

    /// Decides what a failed renewal means. Returns the credentials to use all the same.
    private func endured(_ error: any Error) throws -> S3Credentials {
        let now = clock()
        if let held, now < held.usableUntil {
            self.held?.renewAt = now + Self.random(Self.pause)
            logger.warning(
                "the store's credentials could not be renewed yet",
                metadata: ["source": "\(source.name)", "error": "\(error)"])
            return held.credentials
        }
        if let held, source.mayServeExpired {
            useExpired(held.credentials, "\(error)")
            return held.credentials
        }
        failure = (error, now + Self.random(Self.shortPause))
        throw error
    }

    private func useExpired(_ credentials: S3Credentials, _ reason: String) {
        held = Held(
            credentials: credentials, renewAt: clock() + Self.random(Self.stalePause),
            usableUntil: Timestamp(milliseconds: .max))
        logger.warning(
            "the store's credentials have expired and are used until there are new ones",
            metadata: ["source": "\(source.name)", "reason": "\(reason)"])
    }

    /// Whether a pause lasts until a later time than `now`. One that seems longer than it can be ends at once, because the clock was set back.
    private static func pauses(_ end: Timestamp, at now: Timestamp, _ range: ClosedRange<Double>) -> Bool {
        now < end && end - now <= .seconds(range.upperBound)
    }

    private static func random(_ seconds: ClosedRange<Double>) -> Duration { .seconds(Double.random(in: seconds)) }
}
