import Tenancy

/// How a node divides its file descriptors: first those that its work needs, then uploads and connections.
///
/// The work's need is calculated for the worst case, so that no flood of connections or uploads leaves the database, a child process, storage or
/// a webhook without a descriptor.
package struct OpenFilePlan: Sendable, Equatable {
    /// How many connections the `app` pool of the database has.
    package static func databaseConnections(slots: Int) -> Int { min(200, max(8, slots * 2)) }

    /// How many webhooks are sent at a time.
    package let webhooks: Int
    /// How many webhooks are sent at a time while a customer waits for the result.
    package static let webhookTests = 8
    /// How many connections the address for metrics may have.
    package static let scrapes = 16
    /// How many uploads are received at a time.
    package let uploads: Int
    /// How many client connections may be open at a time.
    package let connections: Int
    /// Further connections, for health checks and for rejections. Twice as many descriptors are reserved for them.
    package let reserve: Int

    private static let mostConnections = 4_096
    private static let mostUploads = 512
    private static let mostWebhooks = 256
    private static let fewestConnections = 64
    private static let fewestUploads = 16

    /// The minimum number of descriptors with which a node starts.
    package let least: Int

    /// - Parameters:
    ///   - limit: the process's limit on descriptors.
    ///   - answers: whether the node has an API.
    ///   - works: whether the node has a worker.
    ///   - shares: how many connections to the database the node may have; nil: as many as is usual.
    ///   - measures: whether the node has an address for metrics.
    package init(
        limit: Int, slots: Int, fetches: Int, cores: Int, answers: Bool, works: Bool, shares: ConnectionShares? = nil,
        measures: Bool = false
    ) {
        let database = max(Self.databaseConnections(slots: slots), shares?.app ?? 0)
        // Libraries, logs, event loops, the spool's folder. A cancel request opens a second connection to the database.
        var work = 96 + 4 * cores + 3 * database + 8 * cores
        // Our own requests: storage, engines, listeners.
        work += 64
        // A decoder with its pipes, the decoded audio, chunks; a download with its parts, or yt-dlp with its proxy.
        if works { work += 16 * slots + 8 * fetches }
        webhooks = works ? max(16, min(Self.mostWebhooks, limit / 8)) : 0
        work += webhooks
        if answers { work += Self.webhookTests }
        // Connections in excess, which are told so and closed, take as many again.
        if measures { work += 2 * Self.scrapes }
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
        // Of 17 parts, 16 are for connections. One is for the reserve, whose connections take two descriptors each.
        connections = min(Self.mostConnections, max(Self.fewestConnections, min(sockets - 16, sockets * 16 / 17)))
        reserve = max(8, connections / 32)
    }

    /// Whether the node has the maximum number of connections and uploads.
    package var isAmple: Bool { connections == Self.mostConnections && uploads == Self.mostUploads }
}
