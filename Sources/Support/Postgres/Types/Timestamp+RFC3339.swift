// A timestamp in the form that API clients write and read.

extension Timestamp: CustomStringConvertible {
    package var description: String { rfc3339 }

    /// `2026-11-23T03:20:57.123Z`: always with milliseconds, always in UTC. Years are Gregorian and have four digits, from 0000
    /// to 9999; none of our clocks is outside that range.
    package var rfc3339: String {
        let day = milliseconds.flooredQuotient(by: 86_400_000)
        // The product may overflow, but the difference is always right.
        let ofDay = milliseconds &- day &* 86_400_000
        let date = CivilDate(daysSince1970: day)
        // Written digit by digit: a list of jobs has a hundred of them.
        let hasFourDigits = (0...9999).contains(date.year)
        let text = String(unsafeUninitializedCapacity: 24) { bytes in
            var at = 0
            func write(_ number: Int64, _ digits: Int, _ after: StaticString) {
                var rest = number
                for place in stride(from: at + digits - 1, through: at, by: -1) {
                    bytes.initializeElement(at: place, to: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
                    rest /= 10
                }
                bytes.initializeElement(at: at + digits, to: after.utf8Start.pointee)
                at += digits + 1
            }
            write(hasFourDigits ? date.year : 0, 4, "-")
            write(date.month, 2, "-")
            write(date.day, 2, "T")
            write(ofDay / 3_600_000, 2, ":")
            write(ofDay / 60_000 % 60, 2, ":")
            write(ofDay / 1000 % 60, 2, ".")
            write(ofDay % 1000, 3, "Z")
            return at
        }
        return hasFourDigits ? text : "\(date.year)\(text.dropFirst(4))"
    }

    /// Reads RFC 3339 with any offset. Digits beyond the millisecond are dropped. Nil for everything else, also for leap
    /// seconds and dates that do not exist.
    package init?(rfc3339 text: String) {
        var reader = Digits(text.utf8)
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), reader.take("Tt"), let hour = reader.number(2), reader.take(":"),
            let minute = reader.number(2), reader.take(":"), let second = reader.number(2),
            let fraction = reader.fraction(), let offset = reader.offset(), reader.isAtEnd,
            hour < 24, minute < 60, second < 60,
            let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        let seconds = date.daysSince1970 * 86_400 + hour * 3600 + minute * 60 + second - offset
        self.init(milliseconds: seconds * 1000 + fraction)
    }
}

/// Reads the bytes of a date.
private struct Digits {
    private var rest: Substring.UTF8View

    init(_ text: String.UTF8View) { rest = text[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ anyOf: StaticString) -> Bool {
        let accepted = anyOf.withUTF8Buffer { buffer in rest.first.map { buffer.contains($0) } ?? false }
        if accepted { rest.removeFirst() }
        return accepted
    }

    mutating func digit() -> Int64? {
        guard let byte = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        rest.removeFirst()
        return Int64(byte - UInt8(ascii: "0"))
    }

    mutating func number(_ width: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<width {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// Reads a fraction of a second as milliseconds; 0 if there is none.
    mutating func fraction() -> Int64? {
        guard take(".") else { return 0 }
        guard let first = digit() else { return nil }
        var (value, weight) = (first * 100, Int64(10))
        while let digit = digit() {
            value += digit * weight
            weight /= 10
        }
        return value
    }

    /// Reads the offset in seconds east of UTC.
    mutating func offset() -> Int64? {
        if take("Zz") { return 0 }
        let isWest = rest.first == UInt8(ascii: "-")
        guard take("+-"), let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60 else {
            return nil
        }
        return (hours * 3600 + minutes * 60) * (isWest ? -1 : 1)
    }
}
