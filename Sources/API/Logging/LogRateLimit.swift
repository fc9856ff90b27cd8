import Synchronization

/// A limit on log lines a minute, for each source and in all. Further lines are counted, and the count is logged once a minute. So no
/// stranger can fill a disk, and a noisy source leaves room for the others.
package final class LogRateLimit: Sendable {
    private struct Minute {
        var start: ContinuousClock.Instant?
        var lines = 0
        var bySource: [String: Int] = [:]
        var leftOut = 0
    }

    private static let length = Duration.seconds(60)

    private let perSource: Int
    private let total: Int
    private let now: @Sendable () -> ContinuousClock.Instant
    private let minute = Mutex(Minute())

    package init(
        perSource: Int, total: Int, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.perSource = perSource
        self.total = total
        self.now = now
    }

    /// Whether a line that `source` caused may be written.
    ///
    /// - Parameter report: logs how many lines of the last minute were left out.
    package func admits(_ source: String, report: @escaping @Sendable (Int) -> Void) -> Bool {
        let moment = now()
        let (isAdmitted, leftOut, isFirst) = minute.withLock { minute in
            var leftOut = 0
            if minute.start.map({ moment - $0 >= Self.length }) ?? true {
                leftOut = minute.leftOut
                minute = Minute(start: moment)
            }
            // A source is remembered only if one of its lines is written, so there are never more sources than lines.
            guard minute.lines < total, minute.bySource[source, default: 0] < perSource else {
                minute.leftOut += 1
                return (false, leftOut, minute.leftOut == 1)
            }
            minute.lines += 1
            minute.bySource[source, default: 0] += 1
            return (true, leftOut, false)
        }
        if leftOut > 0 { report(leftOut) }
        if isFirst {
            // Also if no further line comes.
            Task {
                try? await Task.sleep(for: Self.length)
                end(minuteSince: moment, report)
            }
        }
        return isAdmitted
    }

    private func end(minuteSince moment: ContinuousClock.Instant, _ report: @Sendable (Int) -> Void) {
        let leftOut = minute.withLock { minute in
            // Another minute has begun since.
            guard let start = minute.start, start <= moment else { return 0 }
            defer { minute = Minute() }
            return minute.leftOut
        }
        if leftOut > 0 { report(leftOut) }
    }
}
