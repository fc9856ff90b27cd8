// The binds of one statement in the form that libpq needs.

struct BoundParameters {
    /// The protocol's maximum number of binds.
    static let limit = 65_535

    let types: [UInt32]
    /// All values, each followed by a zero byte, which ends those in text form.
    private var storage: [CChar] = []
    private var offsets: [Int?] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    /// - Throws: `PostgresError` `.usage` for too many or too large binds. Also for text with a NUL, which PostgreSQL cannot
    ///   store; this error has the server's SQLSTATE, 22021.
    init(_ binds: [PostgresBind]) throws {
        guard binds.count <= Self.limit else {
            throw PostgresError.usage("a statement has \(binds.count) binds; at most \(Self.limit) are possible")
        }
        types = binds.map(\.oid)
        for bind in binds {
            formats.append(bind.format.rawValue)
            guard let bytes = bind.bytes else {
                offsets.append(nil)
                lengths.append(0)
                continue
            }
            guard bytes.count < 1 << 30 else {
                throw PostgresError.usage("a bind has \(bytes.count) bytes; PostgreSQL's limit is 1 GiB")
            }
            if bind.format == .text, bytes.contains(0) {
                throw PostgresError(kind: .usage, sqlState: "22021", message: "text with a NUL character")
            }
            offsets.append(storage.count)
            lengths.append(Int32(bytes.count))
            storage.reserveCapacity(storage.count + bytes.count + 1)
            for byte in bytes { storage.append(CChar(bitPattern: byte)) }
            storage.append(0)
        }
    }

    var count: Int32 { Int32(types.count) }

    /// Calls `body` with values, lengths and formats. They are valid only during the call.
    func withPointers<R>(_ body: ([UnsafePointer<CChar>?], [Int32], [Int32]) throws -> R) rethrows -> R {
        try storage.withUnsafeBufferPointer { storage in
            let values = offsets.map { offset in offset.flatMap { storage.baseAddress?.advanced(by: $0) } }
            return try body(values, lengths, formats)
        }
    }
}
