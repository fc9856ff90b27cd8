/// The events that webhooks tell of. The raw values are part of the API.
package enum EventName: String, Sendable, CaseIterable {
    case jobCompleted = "job.completed"
    case jobFailed = "job.failed"
    case jobCancelled = "job.cancelled"
    /// So many percent of a month's minutes, or of the cap on overage, are used.
    case thresholdReached = "usage.threshold_reached"
    /// A submission exceeded a limit, for the first time in its month.
    case limitReached = "usage.limit_reached"
    /// An API key stops working within a week.
    case keyExpiring = "key.expiring"
    /// Every attempt at another endpoint has failed for a day.
    case webhookFailing = "webhook.failing"

    init(of status: JobStatus) {
        self =
            switch status {
            case .failed: .jobFailed
            case .cancelled: .jobCancelled
            case .completed, .queued, .processing: .jobCompleted
            }
    }
}

/// Which events an endpoint gets: one (`job.failed`), those of a kind (`job.*`) or all (`*`).
package struct EventPattern: Sendable, Hashable {
    package let text: String
    private let names: Set<EventName>

    package static let all = EventPattern(text: "*", names: Set(EventName.allCases))
    package static let jobs = EventPattern(text: "job.*", names: [.jobCompleted, .jobFailed, .jobCancelled])

    /// Nil if no event matches.
    package init?(_ text: String) {
        let names = EventName.allCases.filter { name in
            guard text.hasSuffix("*") else { return name.rawValue == text }
            return text == "*" || (text.hasSuffix(".*") && name.rawValue.hasPrefix(text.dropLast()))
        }
        guard !names.isEmpty else { return nil }
        self.init(text: text, names: Set(names))
    }

    private init(text: String, names: Set<EventName>) {
        self.text = text
        self.names = names
    }

    package func matches(_ name: EventName) -> Bool { names.contains(name) }

    package static func == (left: EventPattern, right: EventPattern) -> Bool { left.text == right.text }
    package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
