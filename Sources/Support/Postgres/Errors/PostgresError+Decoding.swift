// The three ways in which a column can disappoint its reader. The row adds the column's name.

extension PostgresError {
    /// The column is NULL and `type` has no place for that.
    package static func unexpectedNull<T>(_ type: T.Type) -> PostgresError {
        PostgresError(kind: .decoding(column: ""), message: "NULL cannot be read as \(type)")
    }

    /// The column's SQL type is not one that `type` reads.
    package static func mismatch<T>(_ type: T.Type, oid: UInt32) -> PostgresError {
        PostgresError(kind: .decoding(column: ""), message: "a value of type \(oid) cannot be read as \(type)")
    }

    /// The bytes are of the right SQL type but no value of `type`.
    package static func invalidValue<T>(_ type: T.Type) -> PostgresError {
        PostgresError(kind: .decoding(column: ""), message: "the value is none of \(type)")
    }

    func naming(column: String) -> PostgresError {
        guard kind == .decoding(column: "") else { return self }
        return PostgresError(kind: .decoding(column: column), message: message)
    }
}
