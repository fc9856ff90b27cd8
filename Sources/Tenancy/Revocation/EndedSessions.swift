import Postgres

/// The sessions that ended within an access token's lifetime, as of the last query.
///
/// It holds at most ``capacity`` sessions. Beyond that, those that ended first are dropped, and their access tokens stay valid for the rest of
/// their hour. That takes as many real logins within an hour.
package struct EndedSessions: Sendable {
    package static let capacity = 200_000
    package static let memory = AccessTokens.longestUse
    /// How far each query looks back before the last one, because a revocation is committed later than the time it records. None may take this
    /// long.
    package static let overlap = Duration.seconds(30)

    /// When each session ended, by the database's clock.
    private var ends: [SessionID: Timestamp] = [:]
    private var prunedAt = Timestamp(milliseconds: 0)
    private let capacity: Int

    /// Up to this time no session is missing, by the database's clock; nil before the first query.
    package private(set) var complete: Timestamp?

    package init(capacity: Int = Self.capacity) { self.capacity = capacity }

    package func contains(_ session: SessionID) -> Bool { ends[session] != nil }

    /// Adds what a query has found that the database began at `moment`.
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
        // Drops a tenth more than needed, so that it isn't needed again at once.
        let excess = ends.count - capacity * 9 / 10
        let end = ends.values.sorted()[excess]
        ends = ends.filter { $0.value >= end }
    }
}
