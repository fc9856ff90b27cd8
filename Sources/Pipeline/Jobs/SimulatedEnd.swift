import Postgres

/// How a test key's job ends, and when.
package struct SimulatedEnd: Sendable, Equatable {
    /// How long after the submission it may end, in seconds.
    package static let delays = 0...60
    private static let completed = "completed"

    /// Nil: it completes. Otherwise it fails with this code.
    package let code: JobFailure.Code?
    package var delaySeconds: Int

    package init(code: JobFailure.Code? = nil, delaySeconds: Int = 0) {
        self.code = code
        self.delaySeconds = delaySeconds
    }

    /// Reads `completed` or an error code of jobs. Nil for anything else.
    package init?(outcome: String, delaySeconds: Int = 0) {
        code = Self.codes.first { $0.rawValue == outcome }
        self.delaySeconds = delaySeconds
        guard code != nil || outcome == Self.completed else { return nil }
    }

    /// All outcomes, as customers name them.
    package static var outcomes: [String] { [completed] + codes.map(\.rawValue) }

    /// The codes with which a job can fail. One that exceeds its deadline is cancelled.
    private static let codes = JobFailure.Code.allCases.filter { $0 != .deadlineExceeded }

    var outcome: String { code?.rawValue ?? Self.completed }

    /// Nil: the job completes.
    var failure: JobFailure? {
        code.map {
            JobFailure(code: $0, message: "A simulated failure: the job of a test key was asked to end like this.")
        }
    }
}
