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
        try checkReady()
        // Comes before anything is sent, so that an invalid bind does not leave half a batch behind.
        let prepared = try queries.map { (sql: $0.sql, parameters: try BoundParameters($0.binds)) }
        guard PQenterPipelineMode(connection) == 1 else {
            isBroken = true
            throw PostgresError.usage("the connection is busy")
        }
        var sent: [Sent] = []
        var isSent = true
        for (sql, parameters) in prepared where isSent {
            isSent = send(sql, parameters, noting: &sent)
        }
        guard isSent, PQpipelineSync(connection) == 1 else {
            isBroken = true
            throw PostgresError.connectionLost("the connection was lost")
        }
        let results = try receive(sent)
        trimStatements()
        return results
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
        if isAlive { finishPipeline() }
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

    private func finishPipeline() {
        let sync = PQgetResult(connection)
        defer { PQclear(sync) }
        if PQresultStatus(sync) != PGRES_PIPELINE_SYNC || PQexitPipelineMode(connection) != 1 { isBroken = true }
    }
}
