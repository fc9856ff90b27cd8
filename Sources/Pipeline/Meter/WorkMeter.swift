import Synchronization

/// Counts what this process has worked since its start, for `/metrics`. No account, job or address is ever a label.
package final class WorkMeter: Sendable {
    /// How an attempt at a task ended.
    package enum TaskOutcome: String, Sendable, CaseIterable {
        case done
        /// Goes on later: an external engine is asked again, or something has no room.
        case postponed
        /// Failed, and is tried again.
        case retried
        /// Failed, and its job with it.
        case failed
        /// The job had ended, or this worker stops.
        case released
        /// Another worker has it, or the result could not be stored.
        case lost
    }

    package struct Attempt: Hashable, Sendable {
        package let kind: String
        package let outcome: TaskOutcome

        package init(kind: String, outcome: TaskOutcome) {
            self.kind = kind
            self.outcome = outcome
        }
    }

    /// What was counted until now.
    package struct Reading: Sendable {
        package var attempts: [Attempt: UInt64] = [:]
        package var durations: [String: DurationHistogram] = [:]
        /// Jobs that this process ended, by the code of their error; nil: with a transcript.
        package var jobs: [String?: UInt64] = [:]
        /// Audio that was recognized, in seconds, by engine.
        package var audio: [String: Double] = [:]
        /// How long that took, in seconds; of engines that answer in one call.
        package var recognition: [String: Double] = [:]
        package var engineErrors: [String: UInt64] = [:]
        package var fallbacks: [String: UInt64] = [:]
        /// Attempts to send a webhook, by their error; nil: acknowledged.
        package var webhooks: [String?: UInt64] = [:]
        /// From an event to the acknowledgement of its webhook.
        package var webhookLag = DurationHistogram(bounds: DurationHistogram.work)
    }

    private let counted = Mutex(Reading())

    package init() {}

    package var reading: Reading { counted.withLock { $0 } }

    package func ended(_ kind: String, _ outcome: TaskOutcome, after duration: Duration) {
        counted.withLock {
            $0.attempts[Attempt(kind: kind, outcome: outcome), default: 0] += 1
            $0.durations[kind, default: DurationHistogram(bounds: DurationHistogram.work)].add(duration)
        }
    }

    /// - Parameter code: of the job's error; nil if it has a transcript.
    package func jobEnded(_ code: String?) { counted.withLock { $0.jobs[code, default: 0] += 1 } }

    /// - Parameter duration: how long the engine took; nil if it was asked several times.
    package func recognized(_ audio: Duration, by engine: String, in duration: Duration?) {
        counted.withLock {
            $0.audio[engine, default: 0] += audio / .seconds(1)
            if let duration { $0.recognition[engine, default: 0] += duration / .seconds(1) }
        }
    }

    package func engineFailed(_ reason: String) { counted.withLock { $0.engineErrors[reason, default: 0] += 1 } }

    package func fellBack(_ reason: String) { counted.withLock { $0.fallbacks[reason, default: 0] += 1 } }

    /// - Parameter lag: from the event to now.
    package func sentWebhook(_ error: String?, lag: Duration) {
        counted.withLock {
            $0.webhooks[error, default: 0] += 1
            if error == nil { $0.webhookLag.add(lag) }
        }
    }
}
