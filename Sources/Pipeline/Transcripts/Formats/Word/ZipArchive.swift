/// The container of a Word document: a ZIP archive (PKWARE's APPNOTE 6.3) whose entries are stored, not compressed.
///
/// Every reader accepts stored entries. They make the archive the same everywhere, byte for byte, because it depends on no library's
/// version and no clock: every entry has the format's oldest time.
///
/// Entries are appended in the order of the calls. Names must be ASCII, each used once. All entries together must be below 4 GiB, which is
/// far more than any transcript.
struct ZipArchive {
    private var bytes: [UInt8] = []
    private var directory: [UInt8] = []
    private var count: UInt16 = 0

    /// Version 2.0 of the format, for the folders in the names.
    private static let version: UInt16 = 20
    /// 1 January 1980; the time is midnight.
    private static let date: UInt16 = 0x0021

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    mutating func add(_ name: String, _ content: [UInt8]) {
        let size = UInt32(clamping: content.count)
        // The fields that the entry's header and the directory have in common.
        var description: [UInt8] = []
        // No flags, method 0: stored.
        description.append16(Self.version, 0, 0, 0, Self.date)
        description.append32(CRC32.checksum(of: content), size, size)
        // No extra field.
        description.append16(UInt16(clamping: name.utf8.count), 0)

        directory.append32(0x0201_4B50)
        directory.append16(Self.version)
        directory.append(contentsOf: description)
        // No comment, disk 0, no attributes.
        directory.append16(0, 0, 0)
        directory.append32(0, UInt32(clamping: bytes.count))
        directory.append(contentsOf: name.utf8)

        bytes.append32(0x0403_4B50)
        bytes.append(contentsOf: description)
        bytes.append(contentsOf: name.utf8)
        bytes.append(contentsOf: content)
        count += 1
    }

    /// Returns the whole archive: all entries, then their directory.
    consuming func finished() -> [UInt8] {
        let start = UInt32(clamping: bytes.count)
        bytes.append(contentsOf: directory)
        bytes.append32(0x0605_4B50)
        // The only disk is number 0.
        bytes.append16(0, 0, count, count)
        bytes.append32(UInt32(clamping: directory.count), start)
        bytes.append16(0)
        return bytes
    }
}

extension [UInt8] {
    /// Appends the numbers in little-endian order.
    fileprivate mutating func append16(_ numbers: UInt16...) {
        for number in numbers { Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) } }
    }

    fileprivate mutating func append32(_ numbers: UInt32...) {
        for number in numbers { Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) } }
    }
}

/// The checksum of ZIP entries: CRC-32 as in Ethernet and gzip (polynomial 0x04C11DB7, reflected).
enum CRC32 {
    /// The checksum of every single byte.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 1 ? 0xEDB8_8320 ^ (sum >> 1) : sum >> 1 }
    }

    static func checksum(of bytes: [UInt8]) -> UInt32 {
        let table = table
        return ~bytes.reduce(~0) { sum, byte in table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ (sum >> 8) }
    }
}
