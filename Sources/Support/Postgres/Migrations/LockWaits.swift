// How a migration waits for locks while nodes work.
//
// Whoever waits for a table's exclusive lock holds up everybody who comes after, readers included. So a migration waits briefly, gives up, lets
// the others pass, and tries again.

import Logging

struct LockWaits: Sendable {
    /// How long one attempt waits, in milliseconds.
    let milliseconds: Int
    /// How often it is tried.
    let attempts: Int
    let logger: Logger

    /// At most about five minutes in all, most of them pauses.
    init(milliseconds: Int = 1_000, attempts: Int = 100, logger: Logger) {
        self.milliseconds = milliseconds
        self.attempts = attempts
        self.logger = logger
    }

    /// Runs `body` again after it got no lock in time, or was chosen to end a deadlock. It must do nothing that a rollback does not undo.
    func retry<T: Sendable>(_ body: () async throws -> T) async throws -> T {
        var attempt = 1
        while true {
            do {
                return try await body()
            } catch let error as PostgresError where error.isLockTimeout && attempt < attempts {
                if attempt == 1 { logger.info("the migration waits for a lock") }
                attempt += 1
                try await Task.sleep(for: .milliseconds(Int.random(in: 500...3_500)))
            }
        }
    }
}

extension PostgresError {
    fileprivate var isLockTimeout: Bool { sqlState == "55P03" || sqlState == "40P01" }
}
