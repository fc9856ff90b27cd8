import Postgres

/// Where a job stands: `queued → processing → completed | failed | cancelled`, never backwards.
package enum JobStatus: String, Sendable, CaseIterable, PostgresCodable {
    case queued, processing, completed, failed, cancelled

    package var isFinished: Bool {
        switch self {
        case .queued, .processing: false
        case .completed, .failed, .cancelled: true
        }
    }
}
