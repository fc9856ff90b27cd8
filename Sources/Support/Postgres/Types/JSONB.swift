// A JSON document as text, for a jsonb or json column. The server checks that it is JSON.

package struct JSONB: PostgresCodable, Hashable, Sendable {
    package var text: String

    package init(text: String) { self.text = text }

    package static var postgresOID: UInt32 { PostgresOID.jsonb }
    /// The binary form is a version byte, 1, and the text.
    package var postgresBytes: [UInt8]? { [1] + text.utf8 }

    package init(postgresBytes: UnsafeRawBufferPointer?, oid: UInt32) throws {
        guard let postgresBytes else { throw PostgresError.unexpectedNull(JSONB.self) }
        switch oid {
        case PostgresOID.jsonb where postgresBytes.first == 1:
            text = try String(utf8Column: UnsafeRawBufferPointer(rebasing: postgresBytes.dropFirst()))
        case PostgresOID.json:
            text = try String(utf8Column: postgresBytes)
        default:
            throw PostgresError.mismatch(JSONB.self, oid: oid)
        }
    }
}
