import Postgres

/// Whether an API key's jobs are real.
package enum KeyMode: String, Sendable, CaseIterable, PostgresCodable {
    case live
    /// Its jobs are simulated: they cost nothing, and only test keys see them.
    case test
}
