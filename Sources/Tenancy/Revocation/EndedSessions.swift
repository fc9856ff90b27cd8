import Postgres

/// The sessions that were ended within an access token's lifetime, as far as looks into the database have told.
///
/// Bounded: of more than ``capacity`` those that ended first are forgotten, and their access tokens live out their hour. It takes that
/// many logins, each of them a real one, within an hour.
package struct EndedSessions: Sendable {
    package static let capacity = 200_000
    package static let memory = AccessTokens.longestUse
    /// What is committed so much later than it says of itself is seen all the same. No revocation may take as long.
    package static let overlap = Duration.seconds(30)

    /// When each ended, by the database's clock.
    private var ends: [SessionID: Timestamp] = [:]
    private var prunedAt = Timestamp(milliseconds: 0)
    private let capacity: Int

    /// Up to that moment nothing is missing, by the database's clock; nil before the first look.
    package private(set) var complete: Timestamp?

    package init(capacity: Int = Self.capacity) { self.capacity = capacity }

    package var count: Int { ends.count }

    package func contains(_ session: SessionID) -> Bool { ends[session] != nil }

    /// What a look has told that the database began at `moment`.
    package mutating func add(_ sessions: [(id: SessionID, endedAt: Timestamp)], at moment: Timestamp) {
        for session in sessions { ends[session.id] = session.endedAt }
        complete = moment - Self.overlap
        if moment - prunedAt >= .seconds(60) || ends.count > capacity { prune(at: moment) }
    }

    private mutating func prune(at moment: Timestamp) {
        prunedAt = moment
        let oldest = moment - Self.memory
        ends = ends.filter { $0.value > oldest }
        guard ends.count > capacity else { return }
        // A tenth more than needed, so that not every look has to.
        let excess = ends.count - capacity * 9 / 10
        let end = ends.values.sorted()[excess]
        ends = ends.filter { $0.value >= end }
    }
}
