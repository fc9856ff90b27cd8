// Runs statements, one at a time. They are prepared once, unless a pooler in between does not allow that. Results are binary.

import CPostgres
import Glibc

extension PostgresSession {
    /// Runs one statement with its binds.
    func run(_ query: PostgresQuery) throws -> PostgresRows {
        try checkReady()
        let parameters = try BoundParameters(query.binds)
        let sql = query.sql
        guard preparesStatements else {
            let result = parameters.withPointers { values, lengths, formats in
                PQexecParams(
                    connection, sql, parameters.count, parameters.types, values, lengths, formats,
                    PostgresFormat.binary.rawValue)
            }
            return PostgresRows(result: try checked(result))
        }
        let key = StatementCache.Key(sql: sql, types: parameters.types)
        let name = try statements.name(of: key) ?? prepare(key)
        let result = parameters.withPointers { values, lengths, formats in
            PQexecPrepared(connection, name, parameters.count, values, lengths, formats, PostgresFormat.binary.rawValue)
        }
        let rows = PostgresRows(result: try checked(result))
        trimStatements()
        return rows
    }

    /// Runs statements in the simple protocol, without binds: BEGIN, COMMIT, whole SQL files. Returns the last result.
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

    /// Throws if the task was cancelled or the connection is lost, so that nothing more is sent.
    func checkReady() throws {
        if isCancelled { throw CancellationError() }
        guard isAlive else { throw PostgresError.connectionLost("the connection was lost") }
    }

    /// Takes ownership of a result. Throws the server's error if it is one.
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
            throw PostgresError.usage("COPY is not supported")
        default:
            throw failure(pointer)
        }
    }

    /// Returns the error of a failed result: `CancellationError` if the statement was stopped because its task was cancelled.
    func failure(_ pointer: OpaquePointer?) -> any Error {
        let error = PostgresError(result: pointer, lost: !isAlive)
        lastError = error
        if isCancelled, error.sqlState == "57014" { return CancellationError() }
        return error
    }

    /// Deallocates statements on the server that the cache drops. Not in a failed transaction, which would reject that.
    func trimStatements() {
        while statements.count > statements.capacity, isIdle || isInTransaction, let name = statements.evict() {
            PQclear(PQexec(connection, "DEALLOCATE \(name)"))
        }
    }

    /// Drops all prepared statements, because the schema has changed.
    func forgetStatements() {
        statements.removeAll()
        PQclear(PQexec(connection, "DEALLOCATE ALL"))
    }

    /// Reads what the server sent meanwhile. So a connection that the server has closed is noticed before anything is sent.
    func noticeEnd() {
        var descriptor = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
        // A server that shuts down sends a last message and then closes: two or three rounds at most.
        for _ in 0..<8 where PQstatus(connection) == CONNECTION_OK && poll(&descriptor, 1, 0) > 0 {
            if PQconsumeInput(connection) == 0 { isBroken = true }
        }
    }

    /// Returns whether the server still answers.
    func ping() -> Bool {
        noticeEnd()
        guard isAlive else { return false }
        let result = PQexec(connection, "")
        defer { PQclear(result) }
        return PQresultStatus(result) == PGRES_EMPTY_QUERY
    }
}
