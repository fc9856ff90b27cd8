import Foundation
import Pipeline
import Settings
import Tenancy

/// How many files a node may have open if it is started as this command was, and how many connections and uploads follow from that.
struct OpenFileChecks: Sendable {
    /// Nil if the system doesn't say.
    let limit: Int?
    let slots: Int
    let fetches: Int
    let shares: ConnectionShares
    /// Whether there is an address for metrics.
    let measures: Bool

    func run() -> [Finding] {
        guard let limit else { return [] }
        // For `verbatim serve`, which needs the most.
        let plan = OpenFilePlan(
            limit: limit, slots: slots, fetches: fetches, cores: ProcessInfo.processInfo.activeProcessorCount,
            answers: true, works: true, shares: shares, measures: measures)
        guard limit >= plan.least else {
            return [
                .fail(
                    "open files",
                    "\(limit) at most, and a node needs \(plan.least): raise the limit (LimitNOFILE= of its unit, ulimit -n in its shell)"
                )
            ]
        }
        let text = "\(limit) at most: \(plan.connections) connections and \(plan.uploads) uploads at the same time"
        guard plan.isAmple else {
            return [
                .warn(
                    "open files",
                    "\(text); for more, raise the limit (LimitNOFILE= of its unit, ulimit -n in its shell)")
            ]
        }
        return [.ok("open files", text)]
    }
}
