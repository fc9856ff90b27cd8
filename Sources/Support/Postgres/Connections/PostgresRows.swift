// The rows that a statement returned, in the order in which the server sent them.

import CPostgres

package struct PostgresRows: Sendable, RandomAccessCollection {
    let result: PostgresResult

    package var startIndex: Int { 0 }
    package var endIndex: Int { result.rowCount }
    package subscript(position: Int) -> PostgresRow {
        precondition(indices.contains(position), "row out of range")
        return PostgresRow(result: result, index: position)
    }

    /// How many rows an INSERT, UPDATE, DELETE or SELECT affected; 0 for other statements.
    package var affectedRows: Int { result.affectedRows }

    /// Decodes the only column of every row.
    package func decode<T: PostgresDecodable>(_ type: T.Type) throws -> [T] { try map { try $0.decode(type) } }

    /// Decodes the columns of every row by position.
    package func decode<each T: PostgresDecodable>(_ types: repeat (each T).Type) throws -> [(repeat each T)] {
        try map { try $0.decode(repeat each types) }
    }
}

package struct PostgresRow: Sendable {
    let result: PostgresResult
    let index: Int

    /// Decodes the only column. Throws like the function for several columns.
    package func decode<T: PostgresDecodable>(_ type: T.Type) throws -> T {
        try expectColumns(1)
        return try result.decode(type, row: index, column: 0)
    }

    /// Decodes all columns by position.
    /// - Throws: `PostgresError` `.usage` if their number differs, `.decoding` if a column has another type or value.
    package func decode<each T: PostgresDecodable>(_ types: repeat (each T).Type) throws -> (repeat each T) {
        var wanted = 0
        for _ in repeat (each types) { wanted += 1 }
        try expectColumns(wanted)
        var column = 0
        func next<V: PostgresDecodable>(_ type: V.Type) throws -> V {
            defer { column += 1 }
            return try result.decode(type, row: index, column: column)
        }
        return (repeat try next(each types))
    }

    private func expectColumns(_ wanted: Int) throws {
        guard wanted == result.columnCount else {
            throw PostgresError.usage("the row has \(result.columnCount) columns instead of \(wanted)")
        }
    }

    /// Decodes the column `name`, spelled as in the SQL.
    /// - Throws: `PostgresError` `.usage` if there is no such column, `.decoding` if it has another type or value.
    package func value<T: PostgresDecodable>(_ name: String, _ type: T.Type = T.self) throws -> T {
        guard let column = result.column(named: name) else {
            throw PostgresError.usage("the row has no column \(name)")
        }
        return try result.decode(type, row: index, column: column)
    }
}
