import Postgres

/// One kind of call that an API key, or an access token, may make.
package enum Scope: String, Sendable, CaseIterable, Comparable {
    /// Submit and cancel jobs.
    case writeJobs = "jobs:write"
    /// Read jobs, transcripts and deliveries.
    case readJobs = "jobs:read"
    /// Delete jobs and transcripts.
    case deleteJobs = "jobs:delete"
    case readUsage = "usage:read"
    /// Read and change webhook endpoints, and send webhooks again.
    case writeWebhooks = "webhooks:write"
    /// Read and change API keys.
    case writeKeys = "keys:write"

    package static func < (left: Scope, right: Scope) -> Bool { left.order < right.order }

    private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

extension Set<Scope> {
    package static var all: Set<Scope> { Set(Scope.allCases) }
    /// What a new key may do unless its creator says otherwise.
    package static var standard: Set<Scope> { all.subtracting([.writeKeys]) }

    /// The names, in the order of ``Scope``.
    package var names: [String] { sorted().map(\.rawValue) }

    /// Nil if a name is unknown.
    package init?(names: [String]) {
        let scopes = names.compactMap(Scope.init)
        guard scopes.count == names.count else { return nil }
        self.init(scopes)
    }
}
