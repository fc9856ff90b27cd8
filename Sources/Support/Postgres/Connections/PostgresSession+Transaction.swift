// The course of a transaction: opened in one round trip, run, committed or rolled back, and judged.

import CPostgres

extension PostgresSession {
    typealias Outcome<T: Sendable> = PostgresConnection.Outcome<T>

    func transaction<T: Sendable>(
        _ start: [PostgresQuery], _ body: (PostgresTransaction) throws -> T
    ) -> Outcome<T> {
        lastError = nil
        do {
            _ = try batch(start)
        } catch {
            let isLost = !isAlive
            rollBack()
            // Settings and a snapshot were all the server had of us: running again elsewhere repeats nothing.
            return Outcome(
                result: .failure(error), wasLostBeforeStart: isLost && !(error is CancellationError),
                isRetryable: isWorthRetrying(error))
        }
        let transaction = PostgresTransaction(session: self)
        let result = Result { try body(transaction) }
        transaction.end()
        do {
            let value = try result.get()
            try commit()
            return Outcome(result: .success(value))
        } catch {
            // A closure may have wrapped the server's error in its own; what ended the transaction decides.
            let cause = isInFailedTransaction ? lastError ?? error : error
            let isRetryable = isWorthRetrying(error) || isWorthRetrying(cause)
            rollBack()
            return Outcome(result: .failure(error), isRetryable: isRetryable && isAlive)
        }
    }

    func autocommit(_ query: PostgresQuery) -> Outcome<PostgresRows> {
        lastError = nil
        let result = Result { try run(query) }
        guard case .failure(let error) = result else { return Outcome(result: result) }
        // BEGIN or the like by hand must not leave a transaction behind.
        rollBack()
        return Outcome(result: result, isRetryable: isWorthRetrying(error) && isAlive)
    }

    private func commit() throws {
        try checkReady()
        if isInFailedTransaction {
            // The closure swallowed an error of the server; COMMIT would quietly roll back.
            throw lastError ?? PostgresError.usage("the transaction had failed")
        }
        guard isInTransaction else {
            throw PostgresError.usage("a statement ended the transaction that its closure stands in")
        }
        do {
            let result = try runScript("COMMIT")
            guard result.command == "COMMIT" else { throw PostgresError.usage("the transaction was rolled back") }
        } catch let error as PostgresError where error.kind == .connectionLost {
            throw PostgresError(
                kind: .commitOutcomeUnknown, sqlState: error.sqlState,
                message: "the connection was lost during COMMIT: the transaction may or may not stand")
        }
    }

    /// Leaves the connection without a transaction, or broken.
    private func rollBack() {
        endTicket()
        guard isAlive else { return }
        if !isIdle { PQclear(PQexec(connection, "ROLLBACK")) }
        if let lastError, lastError.isStalePlan { forgetStatements() }
    }

    private func isWorthRetrying(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return false }
        return error.isRetryable || error.isStalePlan
    }
}
