import ArgumentParser
import Postgres

/// A moment as operators write it: RFC 3339 (`2027-01-31T00:00:00Z`), or how far it lies from now (`90d`).
package enum Moment: Sendable, Hashable, ExpressibleByArgument {
    case at(Timestamp)
    case distance(TimeSpan)

    package init?(argument: String) {
        if let time = Timestamp(rfc3339: argument) {
            self = .at(time)
        } else if let span = TimeSpan(argument: argument) {
            self = .distance(span)
        } else {
            return nil
        }
    }

    /// Returns the moment. A distance is counted from `now` into the future.
    package func after(_ now: Timestamp) -> Timestamp {
        switch self {
        case .at(let time): time
        case .distance(let span): now + span.duration
        }
    }

    /// Returns the moment. A distance is counted from `now` into the past.
    package func before(_ now: Timestamp) -> Timestamp {
        switch self {
        case .at(let time): time
        case .distance(let span): now - span.duration
        }
    }
}
