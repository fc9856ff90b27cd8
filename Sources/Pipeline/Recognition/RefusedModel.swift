import Postgres

/// A model that a recognizer rejected, as recorded by all nodes in the database.
package struct RefusedModel: Sendable {
    package let engine: String
    /// ``EngineRefusals/anyRequest`` if the engine rejected the request as such.
    package let model: String
    /// The engine's answer, fit for a log.
    package let answer: String
    package let lastAt: Timestamp

    package var isAnyRequest: Bool { model == EngineRefusals.anyRequest }

    /// Returns the models that were rejected within the last week and not accepted since. Requires the role `verbatim_system` or the owner.
    package static func current(in transaction: PostgresTransaction) throws -> [RefusedModel] {
        try transaction.all(
            """
            SELECT engine, model, message, last_at FROM engine_refusals
            WHERE last_at > now() - interval '7 days' AND (accepted_at IS NULL OR last_at > accepted_at)
            ORDER BY engine, model
            """, as: String.self, String.self, String.self, Timestamp.self
        ).map { RefusedModel(engine: $0.0, model: $0.1, answer: $0.2, lastAt: $0.3) }
    }

    /// Returns how often each engine has rejected a model, since the beginning.
    package static func counts(in transaction: PostgresTransaction) throws -> [String: Int64] {
        let rows = try transaction.all(
            "SELECT engine, sum(refusals)::int8 FROM engine_refusals GROUP BY 1", as: String.self, Int64.self)
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.0, $0.1) })
    }

    static func record(
        _ model: String, engine: String, count: Int64, answer: String, in transaction: PostgresTransaction
    ) throws {
        try transaction.execute(
            """
            INSERT INTO engine_refusals AS r (engine, model, message, refusals) VALUES (\(engine), \(model), \(answer), \(count))
            ON CONFLICT (engine, model) DO UPDATE
                SET message = excluded.message, refusals = r.refusals + excluded.refusals, last_at = now()
            """)
    }

    static func settle(_ model: String, engine: String, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            UPDATE engine_refusals SET accepted_at = now()
            WHERE engine = \(engine) AND model = \(model) AND (accepted_at IS NULL OR last_at >= accepted_at)
            """)
    }
}
