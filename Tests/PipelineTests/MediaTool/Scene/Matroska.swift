/// Writes Matroska files with any time stamps and lengths, also such as no muxer writes.
///
/// They have 16-bit mono tracks, one block per cluster, and a segment of unknown length, like those of a recorder that was cut off.
struct Matroska {
    private(set) var bytes: [UInt8]

    /// - Parameters:
    ///   - milliseconds: The duration that its head states.
    ///   - bits: 8 or 16.
    init(rate: Int = Signal.rate, tracks: Int = 1, milliseconds: Double? = nil, bits: Int = 16) {
        let duration = milliseconds.map { Self.element([0x44, 0x89], Self.double($0)) } ?? []
        let info = Self.element([0x2A, 0xD7, 0xB1], Self.number(1_000_000)) + duration
        let entries = (1...tracks).flatMap { track in
            let audio =
                Self.element([0xB5], Self.double(Double(rate))) + Self.element([0x9F], Self.number(1))
                + Self.element([0x62, 0x64], Self.number(bits))
            let fields =
                Self.element([0xD7], Self.number(track)) + Self.element([0x73, 0xC5], Self.number(track))
                + Self.element([0x83], Self.number(2)) + Self.element([0x86], Array("A_PCM/INT/LIT".utf8))
            return Self.element([0xAE], fields + Self.element([0xE1], audio))
        }
        let head = Self.element([0x42, 0x82], Array("matroska".utf8)) + Self.element([0x42, 0x87], Self.number(4))
        bytes = Self.element([0x1A, 0x45, 0xDF, 0xA3], head)
        bytes += [0x18, 0x53, 0x80, 0x67, 0x01] + [UInt8](repeating: 0xFF, count: 7)
        bytes += Self.element([0x15, 0x49, 0xA9, 0x66], info) + Self.element([0x16, 0x54, 0xAE, 0x6B], entries)
    }

    /// Adds a packet that is stamped with that time.
    mutating func add(_ packet: [UInt8], at milliseconds: Int, track: Int = 1) {
        let stamp = [UInt8(track & 0x7F) | 0x80, 0, 0, 0x80]
        bytes += Self.element(
            [0x1F, 0x43, 0xB6, 0x75],
            Self.element([0xE7], Self.number(milliseconds)) + Self.element([0xA3], stamp + packet))
    }

    /// The samples in packets of a tenth of a second, each stamped as `stamp` says: by its number, in milliseconds.
    static func of(_ samples: [Int16], milliseconds: Double? = nil, stamp: (Int) -> Int) -> [UInt8] {
        var file = Matroska(milliseconds: milliseconds)
        for (number, start) in stride(from: 0, to: samples.count, by: 1600).enumerated() {
            file.add(packet(samples[start..<min(samples.count, start + 1600)]), at: stamp(number))
        }
        return file.bytes
    }

    static func packet(_ samples: some Sequence<Int16>) -> [UInt8] {
        samples.flatMap { Signal.little(UInt16(bitPattern: $0), 2) }
    }

    private static func element(_ id: [UInt8], _ content: [UInt8]) -> [UInt8] {
        var size = number(content.count)
        size[0] |= 0x01
        return id + size + content
    }

    private static func number(_ value: Int) -> [UInt8] { Signal.little(value, 8).reversed() }

    private static func double(_ value: Double) -> [UInt8] { Signal.little(value.bitPattern, 8).reversed() }
}
