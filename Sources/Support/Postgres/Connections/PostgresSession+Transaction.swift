// Runs a transaction: begins it together with its first statement, commits it or rolls it back, and says whether it may run again.

import CPostgres

extension PostgresSession {
    typealias Outcome<T: Sendable> = PostgresConnection.Outcome<T>

    func transaction<T: Sendable>(
        _ start: TransactionStart, _ body: (PostgresTransaction) throws -> T
    ) -> Outcome<T> {
        lastError = nil
        let transaction = PostgresTransaction(session: self, start: start.statements(kept: timeouts))
        let result = Result {
            try checkReady()
            return try body(transaction)
        }
        transaction.end()
        do {
            let value = try result.get()
            if transaction.hasBegun { try commit(start) } else { try checkReady() }
            return Outcome(result: .success(value))
        } catch  where !transaction.hasBegun {
            let isLost = !isAlive
            rollBack()
            // The connection was lost before the first statement was answered. Nothing was committed, so running again elsewhere repeats nothing.
            return Outcome(
                result: .failure(error), wasLostBeforeStart: isLost && !(error is CancellationError),
                isRetryable: isWorthRetrying(error) && isAlive)
        } catch {
            // The closure may have thrown an error of its own, but the server's error that failed the transaction counts.
            let cause = isInFailedTransaction ? lastError ?? error : error
            let isRetryable = isWorthRetrying(error) || isWorthRetrying(cause)
            rollBack()
            return Outcome(result: .failure(error), isRetryable: isRetryable && isAlive)
        }
    }

    /// Runs one statement in a transaction of its own, in one round trip with its settings.
    func autocommit(_ query: PostgresQuery, after start: TransactionStart) -> Outcome<PostgresRows> {
        lastError = nil
        let settings = start.settings(kept: timeouts)
        let result = Result {
            if settings.isEmpty { return try run(query) }
            // The server runs all statements of a pipeline up to its end in one transaction, so this needs neither BEGIN nor COMMIT.
            let rows = try batch(settings + [query])[settings.count]
            timeouts = start.timeouts ?? timeouts
            return rows
        }
        guard case .failure(let error) = result else { return Outcome(result: result) }
        // If the statement was a BEGIN, it must not leave a transaction behind.
        rollBack()
        return Outcome(result: result, isRetryable: isWorthRetrying(error) && isAlive)
    }

    private func commit(_ start: TransactionStart) throws {
        try checkReady()
        if isInFailedTransaction {
            // The closure caught an error of the server, so COMMIT would silently roll back.
            throw lastError ?? PostgresError.usage("the transaction had failed")
        }
        guard isInTransaction else {
            throw PostgresError.usage("a statement ended the transaction in which it ran")
        }
        do {
            let result = try runScript("COMMIT")
            guard result.command == "COMMIT" else { throw PostgresError.usage("the transaction was rolled back") }
            timeouts = start.timeouts ?? timeouts
        } catch let error as PostgresError where error.kind == .connectionLost {
            throw PostgresError(
                kind: .commitOutcomeUnknown, sqlState: error.sqlState,
                message: "the connection was lost during COMMIT: the transaction may or may not have been committed")
        }
    }

    /// Ends any transaction of the connection.
    private func rollBack() {
        endTicket()
        // What a transaction set for the session is undone with it.
        timeouts = nil
        guard isAlive else { return }
        if !isIdle { PQclear(PQexec(connection, "ROLLBACK")) }
        if let lastError, lastError.isStalePlan { forgetStatements() }
    }

    private func isWorthRetrying(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return false }
        return error.isRetryable || error.isStalePlan
    }
}
