// Runs several lookups in one round trip, each in a transaction of its own.

extension PostgresSession {
    typealias LookupResult = Result<PostgresRows, any Error>

    /// Returns the result of each lookup. Fails as a whole only if the connection is lost, or if all shall run again.
    func lookUp(_ group: [Lookup]) -> Outcome<[LookupResult]> {
        lastError = nil
        var results = [LookupResult?](repeating: nil, count: group.count)
        // What this connection has not prepared yet runs on its own, so that nothing in a round trip depends on what comes before it.
        for (index, lookup) in group.enumerated() where !knows(lookup.query) {
            results[index] = autocommit(lookup.query, after: lookup.start).result
            if !isAlive { break }
        }
        let others = group.indices.filter { results[$0] == nil }
        do {
            try checkReady()
            let settings = others.map { group[$0].start.settings(kept: timeouts) }
            let rows = try pipeline(zip(others, settings).map { $1 + [group[$0].query] })
            for (index, result) in zip(others, rows) { results[index] = result }
        } catch {
            timeouts = nil
            return Outcome(result: .failure(error), wasLostBeforeStart: !isAlive)
        }
        let complete = results.compactMap(\.self)
        let failures = complete.compactMap(\.failure)
        // What a failed lookup set for the session was undone with it.
        timeouts = failures.isEmpty ? group.last?.start.timeouts ?? timeouts : nil
        if let stale = failures.first(where: { ($0 as? PostgresError)?.isStalePlan ?? false }) {
            forgetStatements()
            return Outcome(result: .failure(stale), isRetryable: isAlive)
        }
        return Outcome(result: .success(complete))
    }

    private func knows(_ query: PostgresQuery) -> Bool {
        guard preparesStatements else { return true }
        guard let parameters = try? BoundParameters(query.binds) else { return false }
        return statements.name(of: StatementCache.Key(sql: query.sql, types: parameters.types)) != nil
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
