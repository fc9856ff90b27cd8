// The types that a column can be read as.

/// A value that can be read from a column in PostgreSQL's binary format.
package protocol PostgresDecodable {
    /// - Parameters:
    ///   - postgresBytes: the column's bytes, valid only during the call; nil for NULL.
    ///   - oid: the column's SQL type.
    /// - Throws: `PostgresError.unexpectedNull`, `.mismatch` or `.invalidValue`; the row adds the column's name.
    init(postgresBytes: UnsafeRawBufferPointer?, oid: UInt32) throws
}

extension PostgresDecodable where Self: RawRepresentable, RawValue: PostgresDecodable {
    package init(postgresBytes: UnsafeRawBufferPointer?, oid: UInt32) throws {
        let raw = try RawValue(postgresBytes: postgresBytes, oid: oid)
        guard let value = Self(rawValue: raw) else { throw PostgresError.invalidValue(Self.self) }
        self = value
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    package init(postgresBytes: UnsafeRawBufferPointer?, oid: UInt32) throws {
        self = postgresBytes == nil ? nil : try Wrapped(postgresBytes: postgresBytes, oid: oid)
    }
}
