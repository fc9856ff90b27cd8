// The three errors of decoding a column. The row adds the column's name.

extension PostgresError {
    /// The column is NULL, but `type` is not optional.
    package static func unexpectedNull<T>(_ type: T.Type) -> PostgresError {
        PostgresError(kind: .decoding(column: ""), message: "NULL cannot be read as \(type)")
    }

    /// The column has an SQL type that `type` cannot read.
    package static func mismatch<T>(_ type: T.Type, oid: UInt32) -> PostgresError {
        PostgresError(kind: .decoding(column: ""), message: "a value of type \(oid) cannot be read as \(type)")
    }

    /// The column has the right SQL type, but its value is not one of `type`.
    package static func invalidValue<T>(_ type: T.Type) -> PostgresError {
        PostgresError(kind: .decoding(column: ""), message: "the value is not a valid \(type)")
    }

    func naming(column: String) -> PostgresError {
        guard kind == .decoding(column: "") else { return self }
        return PostgresError(kind: .decoding(column: column), message: message)
    }
}
