// The types that are allowed in a query's `\(…)`.

/// A value that can be bound to a statement.
package protocol PostgresEncodable: Sendable {
    /// The SQL type that is declared for the bind; 0 lets the server infer it.
    static var postgresOID: UInt32 { get }
    static var postgresFormat: PostgresFormat { get }
    /// The value's bytes, nil for NULL.
    var postgresBytes: [UInt8]? { get }
}

package typealias PostgresCodable = PostgresDecodable & PostgresEncodable

/// How the bytes of a bind are written.
package enum PostgresFormat: Int32, Sendable {
    /// As in SQL text: UTF-8 without NUL.
    case text = 0
    /// In the binary form of the declared type.
    case binary = 1
}

/// A value in the form in which it is sent.
struct PostgresBind: Sendable {
    let oid: UInt32
    let format: PostgresFormat
    let bytes: [UInt8]?

    init<T: PostgresEncodable>(_ value: T) {
        oid = T.postgresOID
        format = T.postgresFormat
        bytes = value.postgresBytes
    }
}

extension PostgresEncodable {
    package static var postgresFormat: PostgresFormat { .binary }
}

// For enums and typed ids: `enum State: String, PostgresCodable {}` is all they need.
extension PostgresEncodable where Self: RawRepresentable, RawValue: PostgresEncodable {
    package static var postgresOID: UInt32 { RawValue.postgresOID }
    package static var postgresFormat: PostgresFormat { RawValue.postgresFormat }
    package var postgresBytes: [UInt8]? { rawValue.postgresBytes }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    package static var postgresOID: UInt32 { Wrapped.postgresOID }
    package static var postgresFormat: PostgresFormat { Wrapped.postgresFormat }
    package var postgresBytes: [UInt8]? { self?.postgresBytes }
}
