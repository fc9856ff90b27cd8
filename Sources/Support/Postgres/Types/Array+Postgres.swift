// Arrays in the protocol: one dimension, no NULL elements. [UInt8] is bytea.

/// A type whose arrays can be bound and read.
package protocol PostgresArrayElement: Sendable {
    static var postgresArrayOID: UInt32 { get }
    static var postgresArrayFormat: PostgresFormat { get }
    static func encodeArray(_ elements: [Self]) -> [UInt8]
    static func decodeArray(_ bytes: UnsafeRawBufferPointer, oid: UInt32) throws -> [Self]
}

extension Array: PostgresEncodable where Element: PostgresArrayElement {
    package static var postgresOID: UInt32 { Element.postgresArrayOID }
    package static var postgresFormat: PostgresFormat { Element.postgresArrayFormat }
    package var postgresBytes: [UInt8]? { Element.encodeArray(self) }
}

extension Array: PostgresDecodable where Element: PostgresArrayElement {
    package init(postgresBytes: UnsafeRawBufferPointer?, oid: UInt32) throws {
        guard let postgresBytes else { throw PostgresError.unexpectedNull([Element].self) }
        self = try Element.decodeArray(postgresBytes, oid: oid)
    }
}

/// An element whose array has a binary form of its own.
package protocol PostgresBinaryElement: PostgresArrayElement, PostgresCodable {}

extension PostgresBinaryElement {
    package static var postgresArrayFormat: PostgresFormat { .binary }

    package static func encodeArray(_ elements: [Self]) -> [UInt8] {
        // Number of dimensions, "has NULLs", element type; then the length and lower bound of each dimension.
        var bytes = Int32(elements.isEmpty ? 0 : 1).networkBytes + Int32(0).networkBytes + postgresOID.networkBytes
        if elements.isEmpty { return bytes }
        bytes += Int32(clamping: elements.count).networkBytes + Int32(1).networkBytes
        for element in elements {
            let value = element.postgresBytes ?? []
            bytes += Int32(clamping: value.count).networkBytes
            bytes += value
        }
        return bytes
    }

    package static func decodeArray(_ bytes: UnsafeRawBufferPointer, oid: UInt32) throws -> [Self] {
        try BinaryArray.decode(bytes, oid: oid)
    }
}

extension Bool: PostgresBinaryElement {
    package static var postgresArrayOID: UInt32 { PostgresOID.boolArray }
}

extension Int16: PostgresBinaryElement {
    package static var postgresArrayOID: UInt32 { PostgresOID.int2Array }
}

extension Int32: PostgresBinaryElement {
    package static var postgresArrayOID: UInt32 { PostgresOID.int4Array }
}

extension Int64: PostgresBinaryElement {
    package static var postgresArrayOID: UInt32 { PostgresOID.int8Array }
}

extension Int: PostgresBinaryElement {
    package static var postgresArrayOID: UInt32 { PostgresOID.int8Array }
}

extension Double: PostgresBinaryElement {
    package static var postgresArrayOID: UInt32 { PostgresOID.float8Array }
}

extension Timestamp: PostgresBinaryElement {
    package static var postgresArrayOID: UInt32 { PostgresOID.timestamptzArray }
}
