// Reads the binary form that all of PostgreSQL's arrays share, with one dimension and no NULL elements.

enum BinaryArray {
    /// The built-in array types: bool, int2, int4, text, bpchar, varchar, int8, float4, float8, name, json, timestamptz,
    /// uuid, jsonb.
    private static let types: Set<UInt32> = [
        1000, 1005, 1007, 1009, 1014, 1015, 1016, 1021, 1022, 1003, 199, 1185, 2951, 3807,
    ]

    static func decode<Element: PostgresDecodable>(
        _ bytes: UnsafeRawBufferPointer, oid: UInt32
    ) throws -> [Element] {
        guard types.contains(oid) || oid >= PostgresOID.firstOfUser else {
            throw PostgresError.mismatch([Element].self, oid: oid)
        }
        var rest = bytes[...]
        func take(_ count: Int) throws -> UnsafeRawBufferPointer {
            guard count >= 0, count <= rest.count else { throw PostgresError.mismatch([Element].self, oid: oid) }
            defer { rest = rest.dropFirst(count) }
            return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
        }
        func number() throws -> Int { Int(Int32(networkBytes: try take(4)) ?? 0) }
        let dimensions = try number()
        _ = try number()
        let elementOID = UInt32(networkBytes: try take(4)) ?? 0
        if dimensions == 0 { return [] }
        guard dimensions == 1 else { throw PostgresError.mismatch([Element].self, oid: oid) }
        let count = try number()
        _ = try number()
        // Each element takes at least four bytes, so a wrong count cannot make us reserve more memory than was sent.
        guard count >= 0, count <= rest.count / 4 else { throw PostgresError.mismatch([Element].self, oid: oid) }
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for _ in 0..<count {
            let length = try number()
            guard length >= 0 else { throw PostgresError.unexpectedNull(Element.self) }
            elements.append(try Element(postgresBytes: try take(length), oid: elementOID))
        }
        return elements
    }
}
