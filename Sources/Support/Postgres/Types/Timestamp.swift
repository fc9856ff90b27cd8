// A moment in milliseconds, and its timestamptz form.

import Glibc

package struct Timestamp: Comparable, Hashable, Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// Drops parts of a millisecond. A result beyond the range of `Int64` is clamped.
    package static func + (time: Timestamp, duration: Duration) -> Timestamp {
        let (sum, overflow) = time.milliseconds.addingReportingOverflow(duration.wholeMilliseconds)
        return Timestamp(milliseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    package static func - (time: Timestamp, duration: Duration) -> Timestamp { time + (.zero - duration) }

    package static func - (left: Timestamp, right: Timestamp) -> Duration {
        .milliseconds(left.milliseconds) - .milliseconds(right.milliseconds)
    }

    package static func += (time: inout Timestamp, duration: Duration) { time = time + duration }
    package static func -= (time: inout Timestamp, duration: Duration) { time = time - duration }
}

extension Duration {
    /// The milliseconds, rounded toward zero and clamped to `Int64`.
    package var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carried) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return carried ? (seconds < 0 ? .min : .max) : sum
    }
}

extension Timestamp: PostgresCodable {
    /// 2000-01-01T00:00:00Z, from which PostgreSQL counts its microseconds.
    private static let postgresEpoch: Int64 = 946_684_800_000

    package static var postgresOID: UInt32 { PostgresOID.timestamptz }

    /// Times that PostgreSQL cannot hold become its `infinity` and `-infinity`.
    package var postgresBytes: [UInt8]? {
        let (sinceEpoch, before) = milliseconds.subtractingReportingOverflow(Self.postgresEpoch)
        let (microseconds, beyond) = sinceEpoch.multipliedReportingOverflow(by: 1000)
        return (before || beyond ? (milliseconds < 0 ? Int64.min : .max) : microseconds).networkBytes
    }

    /// Drops parts of a millisecond. Throws for `infinity` and `-infinity`.
    package init(postgresBytes: UnsafeRawBufferPointer?, oid: UInt32) throws {
        guard let postgresBytes else { throw PostgresError.unexpectedNull(Timestamp.self) }
        guard oid == PostgresOID.timestamptz, let microseconds = Int64(networkBytes: postgresBytes) else {
            throw PostgresError.mismatch(Timestamp.self, oid: oid)
        }
        guard microseconds != .min, microseconds != .max else { throw PostgresError.invalidValue(Timestamp.self) }
        // Rounded toward the past, also before 2000.
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1000)
        self.init(milliseconds: quotient - (remainder < 0 ? 1 : 0) + Self.postgresEpoch)
    }
}
