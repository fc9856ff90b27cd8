import Postgres

/// How far this machine's clock differs from the database's. The queue and leases use the database's clock. Access tokens, webhook signatures and
/// requests to an object store contain times of this machine, which others check.
package struct ClockSkew: Sendable {
    /// How far this machine is ahead; negative if it is behind.
    package let ahead: Duration

    /// Above this, a warning is due.
    private static let noticeable = Duration.seconds(2)
    /// Above this, tokens of one node are not valid yet, or no longer valid, at another. No clock that follows NTP is so far off.
    private static let broken = Duration.seconds(60)

    package init(database: Timestamp, here: Timestamp = .now()) { ahead = here - database }

    package static func now(in transaction: PostgresTransaction) throws -> ClockSkew {
        let before = Timestamp.now()
        let theirs = try transaction.first("SELECT clock_timestamp()", as: Timestamp.self) ?? before
        // The database read its clock somewhere between the two readings here.
        return ClockSkew(database: theirs, here: before + (Timestamp.now() - before) / 2)
    }

    private var size: Duration { ahead < .zero ? .zero - ahead : ahead }
    package var isNoticeable: Bool { size > Self.noticeable }
    package var isBroken: Bool { size > Self.broken }

    /// A sentence without its period.
    package var text: String {
        "this machine's clock is \(Self.words(size)) \(ahead < .zero ? "behind" : "ahead of") the database's"
    }

    private static func words(_ size: Duration) -> String {
        let seconds = (size.wholeMilliseconds + 500) / 1000
        for (unit, length) in [("days", Int64(86_400)), ("hours", 3_600), ("minutes", 60)] where seconds >= 2 * length {
            return "\((seconds + length / 2) / length) \(unit)"
        }
        return "\(seconds) s"
    }
}
