/// How a node divides the descriptors that it may have open: first what its work needs, then uploads and connections.
///
/// What the work needs is counted for the worst, so that neither a flood of connections nor one of uploads leaves the database, a
/// child, storage or a webhook without a descriptor.
package struct OpenFilePlan: Sendable, Equatable {
    /// Connections to the database, over both pools and what listens.
    package static func databaseConnections(slots: Int) -> Int { min(200, max(8, slots * 2)) }

    /// Webhooks that are sent at a time.
    package let webhooks: Int
    /// Uploads that are received at a time.
    package let uploads: Int
    /// Connections of clients at a time.
    package let connections: Int
    /// Beside them, for health checks and for saying that there is no room; twice as many descriptors are kept for it.
    package let reserve: Int

    private static let mostConnections = 4_096
    private static let mostUploads = 512
    private static let mostWebhooks = 256
    private static let fewestConnections = 64
    private static let fewestUploads = 16

    /// With fewer a node does not start.
    package let least: Int

    /// - Parameters:
    ///   - limit: descriptors that the process may have.
    ///   - answers: whether it has an API.
    ///   - works: whether it works on jobs.
    package init(limit: Int, slots: Int, fetches: Int, cores: Int, answers: Bool, works: Bool) {
        let database = Self.databaseConnections(slots: slots)
        // Libraries, logs, event loops, the spool's folder; each connection to the database may be cut by a second one.
        var work = 96 + 4 * cores + 3 * database + 8 * cores
        // Requests of our own: storage, engines, what listens.
        work += 64
        // A decoder with its pipes, the decoded audio, chunks; a download with its parts, or yt-dlp with its proxy.
        if works { work += 16 * slots + 8 * fetches }
        webhooks = works ? max(16, min(Self.mostWebhooks, limit / 8)) : 0
        work += webhooks
        let floor = work + (answers ? Self.fewestUploads + Self.fewestConnections + 2 * 8 : 0)
        least = floor
        guard answers else {
            (uploads, connections, reserve) = (0, 0, 0)
            return
        }
        let left = max(0, limit - work)
        let spare = max(Self.fewestUploads, left - Self.fewestConnections - 16)
        uploads = min(Self.mostUploads, spare, max(Self.fewestUploads, left / 5))
        let sockets = max(0, left - uploads)
        // Of seventeen parts sixteen are places, and the reserve has its half of the last one twice.
        connections = min(Self.mostConnections, max(Self.fewestConnections, min(sockets - 16, sockets * 16 / 17)))
        reserve = max(8, connections / 32)
    }

    /// Whether nothing has to be less than a node of its size would have.
    package var isAmple: Bool { connections == Self.mostConnections && uploads == Self.mostUploads }
}
