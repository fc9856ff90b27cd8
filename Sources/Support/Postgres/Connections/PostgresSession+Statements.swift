// Runs statements, one at a time: prepared once, binary results.

import CPostgres
import Glibc

extension PostgresSession {
    /// One statement with its binds.
    func run(_ query: PostgresQuery) throws -> PostgresRows {
        try checkReady()
        let parameters = try BoundParameters(query.binds)
        let sql = query.sql
        let key = StatementCache.Key(sql: sql, types: parameters.types)
        let name = try statements.name(of: key) ?? prepare(key)
        let result = parameters.withPointers { values, lengths, formats in
            PQexecPrepared(connection, name, parameters.count, values, lengths, formats, PostgresFormat.binary.rawValue)
        }
        let rows = PostgresRows(result: try checked(result))
        trimStatements()
        return rows
    }

    /// Statements in the simple protocol, without binds: BEGIN, COMMIT, whole SQL files. Answers the last one's result.
    @discardableResult
    func runScript(_ sql: String) throws -> PostgresResult {
        try checkReady()
        return try checked(PQexec(connection, sql))
    }

    private func prepare(_ key: StatementCache.Key) throws -> String {
        let name = statements.add(key)
        do {
            _ = try checked(PQprepare(connection, name, key.sql, Int32(key.types.count), key.types))
        } catch {
            statements.remove(key)
            throw error
        }
        return name
    }

    /// Nothing more is sent for a cancelled task or on a lost connection.
    func checkReady() throws {
        if isCancelled { throw CancellationError() }
        guard isAlive else { throw PostgresError.connectionLost("the connection was lost") }
    }

    /// Takes the result over; throws what the server said against it.
    func checked(_ pointer: OpaquePointer?) throws -> PostgresResult {
        guard let pointer else {
            isBroken = true
            throw PostgresError.connectionLost("the connection was lost")
        }
        let result = PostgresResult(pointer)
        switch PQresultStatus(pointer) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
            if hasLeftRole {
                isBroken = true
                throw PostgresError.usage("a statement left the role that the connection was given")
            }
            return result
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            isBroken = true
            throw PostgresError.usage("COPY is not spoken here")
        default:
            throw failure(pointer)
        }
    }

    /// The error of a failed result: a cancelled task's own, where it was that task that stopped the statement.
    func failure(_ pointer: OpaquePointer?) -> any Error {
        let error = PostgresError(result: pointer, lost: !isAlive)
        lastError = error
        if isCancelled, error.sqlState == "57014" { return CancellationError() }
        return error
    }

    /// Has the server forget what the cache forgot; waits with it while a failed transaction would refuse.
    func trimStatements() {
        while statements.count > statements.capacity, isIdle || isInTransaction, let name = statements.evict() {
            PQclear(PQexec(connection, "DEALLOCATE \(name)"))
        }
    }

    /// After a change of the schema: everything is prepared anew.
    func forgetStatements() {
        statements.removeAll()
        PQclear(PQexec(connection, "DEALLOCATE ALL"))
    }

    /// Reads what came while nobody was asking: a terminated connection shows here, before anything is sent.
    func noticeEnd() {
        var descriptor = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
        // A terminated server leaves its last words and then the end: two or three rounds at most.
        for _ in 0..<8 where PQstatus(connection) == CONNECTION_OK && poll(&descriptor, 1, 0) > 0 {
            if PQconsumeInput(connection) == 0 { isBroken = true }
        }
    }

    /// Whether the server still answers.
    func ping() -> Bool {
        noticeEnd()
        guard isAlive else { return false }
        let result = PQexec(connection, "")
        defer { PQclear(result) }
        return PQresultStatus(result) == PGRES_EMPTY_QUERY
    }
}
