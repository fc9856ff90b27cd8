// Owns one `PGresult` and frees it.

import CPostgres
import Glibc
import Synchronization

// Unchecked because of the C pointer: libpq never changes a finished PGresult, and all calls here only read it.
final class PostgresResult: @unchecked Sendable {
    private let pointer: OpaquePointer
    let rowCount: Int
    let columnCount: Int
    private let nextColumn = Atomic(0)

    /// Takes ownership of the result.
    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
        rowCount = Int(PQntuples(pointer))
        columnCount = Int(PQnfields(pointer))
    }

    deinit { PQclear(pointer) }

    var affectedRows: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

    /// The command tag, such as `COMMIT` or `UPDATE 3`.
    var command: String { String(cString: PQcmdStatus(pointer)) }

    func column(named name: String) -> Int? {
        // PQfnumber would convert the name to lower case. A String for each column would take most of the time of decoding a row. Whoever
        // decodes a row mostly asks for its columns in their order, so the next one is looked at first.
        let start = nextColumn.load(ordering: .relaxed)
        let found = name.withCString { name in
            (0..<columnCount).lazy.map { start + $0 < self.columnCount ? start + $0 : start + $0 - self.columnCount }
                .first { PQfname(self.pointer, Int32($0)).map { strcmp($0, name) == 0 } ?? false }
        }
        if let found { nextColumn.store(found + 1 < columnCount ? found + 1 : 0, ordering: .relaxed) }
        return found
    }

    func decode<T: PostgresDecodable>(_ type: T.Type, row: Int, column: Int) throws -> T {
        let (row, index) = (Int32(row), Int32(column))
        var bytes: UnsafeRawBufferPointer?
        if PQgetisnull(pointer, row, index) == 0 {
            bytes = UnsafeRawBufferPointer(
                start: PQgetvalue(pointer, row, index), count: Int(PQgetlength(pointer, row, index)))
        }
        do {
            return try T(postgresBytes: bytes, oid: PQftype(pointer, index))
        } catch let error as PostgresError {
            throw error.naming(column: name(of: column))
        }
    }

    private func name(of column: Int) -> String {
        PQfname(pointer, Int32(column)).map { String(cString: $0) } ?? ""
    }
}
