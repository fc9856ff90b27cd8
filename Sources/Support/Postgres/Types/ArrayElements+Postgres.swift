// The array elements whose arrays have other forms: bytes, strings, enums and typed ids.

extension UInt8: PostgresArrayElement {
    package static var postgresArrayOID: UInt32 { PostgresOID.bytea }
    package static var postgresArrayFormat: PostgresFormat { .binary }
    package static func encodeArray(_ elements: [UInt8]) -> [UInt8] { elements }

    package static func decodeArray(_ bytes: UnsafeRawBufferPointer, oid: UInt32) throws -> [UInt8] {
        guard oid == PostgresOID.bytea else { throw PostgresError.mismatch([UInt8].self, oid: oid) }
        return [UInt8](bytes)
    }
}

extension String: PostgresArrayElement {
    /// Untyped, like a single String, so that it fits text[], uuid[] and arrays of enums. If the server cannot infer the type
    /// (`unnest(…)`), the SQL needs a cast such as `::text[]`.
    package static var postgresArrayOID: UInt32 { 0 }
    package static var postgresArrayFormat: PostgresFormat { .text }

    package static func encodeArray(_ elements: [String]) -> [UInt8] {
        var bytes = [UInt8(ascii: "{")]
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            // Always quoted, so that only the quote and the backslash are special.
            bytes.append(UInt8(ascii: "\""))
            for byte in element.utf8 {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
                bytes.append(byte)
            }
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    package static func decodeArray(_ bytes: UnsafeRawBufferPointer, oid: UInt32) throws -> [String] {
        try BinaryArray.decode(bytes, oid: oid)
    }
}

extension PostgresArrayElement where Self: RawRepresentable, RawValue: PostgresArrayElement {
    package static var postgresArrayOID: UInt32 { RawValue.postgresArrayOID }
    package static var postgresArrayFormat: PostgresFormat { RawValue.postgresArrayFormat }
    package static func encodeArray(_ elements: [Self]) -> [UInt8] { RawValue.encodeArray(elements.map(\.rawValue)) }

    package static func decodeArray(_ bytes: UnsafeRawBufferPointer, oid: UInt32) throws -> [Self] {
        try RawValue.decodeArray(bytes, oid: oid).map { raw in
            guard let value = Self(rawValue: raw) else { throw PostgresError.invalidValue(Self.self) }
            return value
        }
    }
}
