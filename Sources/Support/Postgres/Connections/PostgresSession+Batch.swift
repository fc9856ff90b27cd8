// Runs several statements in one round trip, in libpq's pipeline mode.

import CPostgres

extension PostgresSession {
    /// A message that was sent. The answers come in the same order.
    private enum Sent {
        case prepare(StatementCache.Key)
        case execute
    }

    /// Returns the results in order. After the first error, the statements that follow are not executed.
    func batch(_ queries: [PostgresQuery]) throws -> [PostgresRows] {
        answered = 0
        if queries.isEmpty { return [] }
        return try exchange([queries])[0].get()
    }

    /// Runs groups of statements in one round trip, each group in a transaction of its own. Returns the result of each group's last statement.
    /// - Throws: if the connection is lost.
    func pipeline(_ groups: [[PostgresQuery]]) throws -> [Result<PostgresRows, any Error>] {
        if groups.isEmpty { return [] }
        let results = try exchange(groups)
        if !isAlive, case .failure(let error)? = results.last { throw error }
        return results.map { result in result.flatMap { rows in Result { rows[rows.count - 1] } } }
    }

    /// Sends all groups, and then reads all answers. Each group ends its own transaction, if it has not begun one explicitly.
    private func exchange(_ groups: [[PostgresQuery]]) throws -> [Result<[PostgresRows], any Error>] {
        try checkReady()
        // Comes before anything is sent, so that an invalid bind does not leave half a batch behind.
        let prepared = try groups.map { try $0.map { (sql: $0.sql, parameters: try BoundParameters($0.binds)) } }
        guard PQenterPipelineMode(connection) == 1 else {
            isBroken = true
            throw PostgresError.usage("the connection is busy")
        }
        var sent: [[Sent]] = []
        for group in prepared {
            var messages: [Sent] = []
            for (sql, parameters) in group {
                guard send(sql, parameters, noting: &messages) else { throw lost() }
            }
            guard PQpipelineSync(connection) == 1 else { throw lost() }
            sent.append(messages)
        }
        var results: [Result<[PostgresRows], any Error>] = []
        for messages in sent { results.append(Result { try receive(messages) }) }
        if isAlive, PQexitPipelineMode(connection) != 1 { isBroken = true }
        trimStatements()
        return results
    }

    private func lost() -> PostgresError {
        isBroken = true
        return PostgresError.connectionLost("the connection was lost")
    }

    private func send(_ sql: String, _ parameters: BoundParameters, noting sent: inout [Sent]) -> Bool {
        guard preparesStatements else {
            sent.append(.execute)
            return parameters.withPointers { values, lengths, formats in
                PQsendQueryParams(
                    connection, sql, parameters.count, parameters.types, values, lengths, formats,
                    PostgresFormat.binary.rawValue) == 1
            }
        }
        let key = StatementCache.Key(sql: sql, types: parameters.types)
        let name: String
        if let known = statements.name(of: key) {
            name = known
        } else {
            name = statements.add(key)
            sent.append(.prepare(key))
            guard PQsendPrepare(connection, name, sql, parameters.count, parameters.types) == 1 else { return false }
        }
        sent.append(.execute)
        return parameters.withPointers { values, lengths, formats in
            PQsendQueryPrepared(
                connection, name, parameters.count, values, lengths, formats, PostgresFormat.binary.rawValue) == 1
        }
    }

    /// Reads every answer, also after an error, so that the connection can be used again.
    private func receive(_ sent: [Sent]) throws -> [PostgresRows] {
        var results: [PostgresRows] = []
        var firstError: (any Error)?
        for item in sent {
            do {
                let result = try answer()
                if case .execute = item {
                    results.append(PostgresRows(result: result))
                    answered += 1
                }
            } catch {
                firstError = firstError ?? error
                if case .prepare(let key) = item { statements.remove(key) }
            }
            if !isAlive { break }
        }
        if isAlive { readEnd() }
        guard let firstError else { return results }
        // The server's last words come before the end of its connection is noticed.
        if !isAlive, let error = firstError as? PostgresError, error.kind == .server {
            throw PostgresError(kind: .connectionLost, sqlState: error.sqlState, message: error.message)
        }
        throw firstError
    }

    /// Reads one statement's result and the NULL that ends it.
    private func answer() throws -> PostgresResult {
        let pointer = PQgetResult(connection)
        if pointer != nil {
            while let more = PQgetResult(connection) { PQclear(more) }
        }
        return try checked(pointer)
    }

    /// Reads the end of a group.
    private func readEnd() {
        let sync = PQgetResult(connection)
        defer { PQclear(sync) }
        if PQresultStatus(sync) != PGRES_PIPELINE_SYNC { isBroken = true }
    }
}
