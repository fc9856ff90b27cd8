// Text in the protocol. A String is bound untyped and in text form, so that it fits text, enum, uuid and numeric columns.

extension String: PostgresCodable {
    package static var postgresOID: UInt32 { 0 }
    package static var postgresFormat: PostgresFormat { .text }
    package var postgresBytes: [UInt8]? { [UInt8](utf8) }

    /// Reads text, varchar, char, name, json, jsonb, uuid, and types that were created in the database, such as enums.
    package init(postgresBytes: UnsafeRawBufferPointer?, oid: UInt32) throws {
        guard let postgresBytes else { throw PostgresError.unexpectedNull(String.self) }
        switch oid {
        case PostgresOID.text, PostgresOID.varchar, PostgresOID.bpchar, PostgresOID.name, PostgresOID.json,
            PostgresOID.unknown, PostgresOID.firstOfUser...:
            try self.init(utf8Column: postgresBytes)
        case PostgresOID.jsonb:
            self = try JSONB(postgresBytes: postgresBytes, oid: oid).text
        case PostgresOID.uuid where postgresBytes.count == 16:
            self.init(uuidColumn: postgresBytes)
        default:
            throw PostgresError.mismatch(String.self, oid: oid)
        }
    }

    init(utf8Column bytes: UnsafeRawBufferPointer) throws {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw PostgresError.invalidValue(String.self) }
        self = text
    }

    private init(uuidColumn bytes: UnsafeRawBufferPointer) {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        let digits = [UInt8]("0123456789abcdef".utf8)
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        self.init(decoding: text, as: UTF8.self)
    }
}
