import Testing

/// A strict reader of ZIP archives without compression. Everything must be where the format says, with nothing between, and entry and
/// directory must agree.
struct StoredArchive {
    private(set) var names: [String] = []
    private(set) var entries: [String: [UInt8]] = [:]

    init(_ bytes: [UInt8]) throws {
        try #require(bytes.count >= 22)
        let end = bytes.count - 22
        try #require(Self.number(bytes, end, 4) == 0x0605_4B50, "the archive ends with its end record")
        let count = Self.number(bytes, end + 10, 2)
        try #require(Self.number(bytes, end + 4, 4) == 0 && Self.number(bytes, end + 8, 2) == count)
        try #require(Self.number(bytes, end + 20, 2) == 0)
        let directory = Self.number(bytes, end + 16, 4)
        try #require(directory + Self.number(bytes, end + 12, 4) == end)

        var record = directory
        var place = 0
        for _ in 0..<count {
            try #require(Self.number(bytes, record, 4) == 0x0201_4B50)
            try #require(Self.number(bytes, place, 4) == 0x0403_4B50)
            try #require(Self.number(bytes, record + 42, 4) == place, "entries follow one another")
            try #require(bytes[record + 6..<record + 32] == bytes[place + 4..<place + 30], "both headers agree")
            try #require(Self.number(bytes, place + 6, 4) == 0, "no flags, stored")
            try #require(Self.number(bytes, place + 10, 4) == 0x0021_0000, "1980-01-01 00:00:00")
            let size = Self.number(bytes, place + 18, 4)
            let nameLength = Self.number(bytes, place + 26, 2)
            try #require(Self.number(bytes, place + 22, 4) == size && Self.number(bytes, place + 28, 2) == 0)
            let rest = bytes[record + 32..<record + 42]
            try #require(rest.max() == 0, "no comment, no attributes")
            let name = bytes[place + 30..<place + 30 + nameLength]
            try #require(bytes[record + 46..<record + 46 + nameLength] == name)
            let content = Array(bytes[place + 30 + nameLength..<place + 30 + nameLength + size])
            try #require(Self.number(bytes, place + 14, 4) == Self.checksum(content))
            names.append(String(decoding: name, as: UTF8.self))
            entries[names[names.count - 1]] = content
            place += 30 + nameLength + size
            record += 46 + nameLength
        }
        try #require(place == directory && record == end)
        try #require(entries.count == count, "no name twice")
    }

    /// A part as text. Throws if there is no such part.
    func text(_ name: String) throws -> String {
        let bytes = try #require(entries[name])
        return try #require(String(validating: bytes, as: UTF8.self))
    }

    /// CRC-32 by its definition, bit by bit.
    private static func checksum(_ bytes: [UInt8]) -> Int {
        var sum: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            for bit in 0..<8 {
                let carry = (sum ^ UInt32(byte >> bit)) & 1
                sum = sum >> 1 ^ (carry == 1 ? 0xEDB8_8320 : 0)
            }
        }
        return Int(~sum)
    }

    private static func number(_ bytes: [UInt8], _ offset: Int, _ length: Int) -> Int {
        (0..<length).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
}
