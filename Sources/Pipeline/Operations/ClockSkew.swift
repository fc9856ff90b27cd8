import Postgres

/// How far this machine's clock is from the database's. Queue and leases go by the database's; access tokens, webhooks' signatures and calls to an
/// object store carry times of this machine's, which others judge.
package struct ClockSkew: Sendable {
    /// Of this machine; negative when it is behind.
    package let ahead: Duration

    /// More is worth a warning.
    private static let noticeable = Duration.seconds(2)
    /// With more, tokens of one node are not yet or no longer good at another. No clock that follows NTP is so far off.
    private static let broken = Duration.seconds(60)

    package init(database: Timestamp, here: Timestamp = .now()) { ahead = here - database }

    package static func now(in transaction: PostgresTransaction) throws -> ClockSkew {
        let before = Timestamp.now()
        let theirs = try transaction.first("SELECT clock_timestamp()", as: Timestamp.self) ?? before
        // Somewhere in between it was read.
        return ClockSkew(database: theirs, here: before + (Timestamp.now() - before) / 2)
    }

    private var size: Duration { ahead < .zero ? .zero - ahead : ahead }
    package var isNoticeable: Bool { size > Self.noticeable }
    package var isBroken: Bool { size > Self.broken }

    /// A sentence without its end.
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
