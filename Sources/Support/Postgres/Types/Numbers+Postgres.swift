// Bool, integers and Double in the protocol. Integers are read from columns of any width if the value fits.

extension Bool: PostgresCodable {
    package static var postgresOID: UInt32 { PostgresOID.bool }
    package var postgresBytes: [UInt8]? { [self ? 1 : 0] }

    package init(postgresBytes: UnsafeRawBufferPointer?, oid: UInt32) throws {
        guard let postgresBytes else { throw PostgresError.unexpectedNull(Bool.self) }
        guard oid == PostgresOID.bool, postgresBytes.count == 1 else {
            throw PostgresError.mismatch(Bool.self, oid: oid)
        }
        self = postgresBytes[0] != 0
    }
}

extension FixedWidthInteger {
    /// The big-endian bytes, which PostgreSQL's protocol uses everywhere.
    var networkBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { [UInt8]($0) } }

    /// Reads a big-endian integer; nil if the width differs.
    init?(networkBytes bytes: UnsafeRawBufferPointer) {
        guard bytes.count == MemoryLayout<Self>.size else { return nil }
        self.init(bigEndian: bytes.loadUnaligned(as: Self.self))
    }

    fileprivate init(integerColumn bytes: UnsafeRawBufferPointer?, oid: UInt32) throws {
        guard let bytes else { throw PostgresError.unexpectedNull(Self.self) }
        let wide: Int64? =
            switch oid {
            case PostgresOID.int2: Int16(networkBytes: bytes).map(Int64.init)
            case PostgresOID.int4: Int32(networkBytes: bytes).map(Int64.init)
            case PostgresOID.int8: Int64(networkBytes: bytes)
            default: nil
            }
        guard let wide else { throw PostgresError.mismatch(Self.self, oid: oid) }
        guard let value = Self(exactly: wide) else { throw PostgresError.invalidValue(Self.self) }
        self = value
    }
}

extension Int16: PostgresCodable {
    package static var postgresOID: UInt32 { PostgresOID.int2 }
    package var postgresBytes: [UInt8]? { networkBytes }
    package init(postgresBytes: UnsafeRawBufferPointer?, oid: UInt32) throws {
        try self.init(integerColumn: postgresBytes, oid: oid)
    }
}

extension Int32: PostgresCodable {
    package static var postgresOID: UInt32 { PostgresOID.int4 }
    package var postgresBytes: [UInt8]? { networkBytes }
    package init(postgresBytes: UnsafeRawBufferPointer?, oid: UInt32) throws {
        try self.init(integerColumn: postgresBytes, oid: oid)
    }
}

extension Int64: PostgresCodable {
    package static var postgresOID: UInt32 { PostgresOID.int8 }
    package var postgresBytes: [UInt8]? { networkBytes }
    package init(postgresBytes: UnsafeRawBufferPointer?, oid: UInt32) throws {
        try self.init(integerColumn: postgresBytes, oid: oid)
    }
}

extension Int: PostgresCodable {
    package static var postgresOID: UInt32 { PostgresOID.int8 }
    package var postgresBytes: [UInt8]? { networkBytes }
    package init(postgresBytes: UnsafeRawBufferPointer?, oid: UInt32) throws {
        try self.init(integerColumn: postgresBytes, oid: oid)
    }
}

extension Double: PostgresCodable {
    package static var postgresOID: UInt32 { PostgresOID.float8 }
    package var postgresBytes: [UInt8]? { bitPattern.networkBytes }

    package init(postgresBytes: UnsafeRawBufferPointer?, oid: UInt32) throws {
        guard let postgresBytes else { throw PostgresError.unexpectedNull(Double.self) }
        if oid == PostgresOID.float8, let bits = UInt64(networkBytes: postgresBytes) {
            self.init(bitPattern: bits)
        } else if oid == PostgresOID.float4, let bits = UInt32(networkBytes: postgresBytes) {
            self.init(Float(bitPattern: bits))
        } else {
            throw PostgresError.mismatch(Double.self, oid: oid)
        }
    }
}
