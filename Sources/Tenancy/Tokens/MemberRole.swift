import Postgres

/// A person of an account who signs in.
package struct MemberID: TypedID {
    package static let prefix = "mem_"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}

/// What a member may do.
package enum MemberRole: String, Sendable, CaseIterable, PostgresCodable {
    /// Everything, also to manage members.
    case owner
    /// Keys, webhooks and jobs.
    case developer
    /// Usage and statements, no transcripts.
    case finance
    /// Reads jobs and transcripts.
    case viewer

    /// The calls that it may make.
    package var scopes: Set<Scope> {
        switch self {
        case .owner: .all
        case .developer: [.writeJobs, .readJobs, .deleteJobs, .writeWebhooks, .writeKeys]
        case .finance: [.readUsage]
        case .viewer: [.readJobs]
        }
    }
}
