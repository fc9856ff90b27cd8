import Postgres
import TestSupport
import Testing

private struct Wrapped: Error { let cause: any Error }

@Suite struct ConflictTests {
    /// Two accounts that hold 100 each.
    private func withAccounts(_ body: (PostgresPool) async throws -> Void) async throws {
        try await withTestDatabase { database in
            let pool = database.pool(size: 8)
            try await pool.execute("CREATE TABLE accounts (id int PRIMARY KEY, amount int NOT NULL)")
            try await pool.execute("INSERT INTO accounts VALUES (1, 100), (2, 100)")
            try await body(pool)
            await pool.close()
        }
    }

    @Test func `serialization failures run the closure again until all have their turn`() async throws {
        try await withAccounts { pool in
            let runs = Tally()
            try await withThrowingTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await pool.transaction(isolation: .serializable, retries: 100) { transaction in
                            runs.add()
                            let amount = try transaction.first("SELECT sum(amount)::int8 FROM accounts", as: Int.self)
                            try transaction.execute(
                                "UPDATE accounts SET amount = \((amount ?? 0) - 100 + 1) WHERE id = 1")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await pool.query("SELECT amount FROM accounts WHERE id = 1").decode(Int.self) == [108])
            #expect(runs.count >= 8)
        }
    }

    @Test func `retries are bounded and the last failure is thrown`() async throws {
        try await withAccounts { pool in
            let runs = Tally()
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction(retries: 2) { transaction in
                    runs.add()
                    try transaction.execute("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")
                }
            }
            #expect(error?.isRetryable == true)
            #expect(runs.count == 3)
        }
    }

    @Test func `a conflict that the closure wrapped in its own error is still tried again`() async throws {
        try await withAccounts { pool in
            let runs = Tally()
            let value = try await pool.transaction { transaction in
                if runs.add() > 1 { return "second" }
                do {
                    try transaction.execute("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")
                } catch {
                    throw Wrapped(cause: error)
                }
                return "first"
            }
            #expect(value == "second")
        }
    }

    @Test func `other errors do not run the closure again`() async throws {
        try await withAccounts { pool in
            let runs = Tally()
            await #expect(throws: PostgresError.self) {
                try await pool.transaction { transaction in
                    runs.add()
                    try transaction.query("SELECT 1/0")
                }
            }
            #expect(runs.count == 1)
        }
    }

    @Test func `of two that deadlock both get through`() async throws {
        try await withAccounts { pool in
            let runs = Tally()
            let holds = [Latch(), Latch()]
            try await withThrowingTaskGroup { group in
                for mine in 0...1 {
                    group.addTask {
                        try await pool.transaction { transaction in
                            runs.add()
                            try transaction.execute("SET LOCAL deadlock_timeout = '10ms'")
                            try transaction.execute("UPDATE accounts SET amount = amount + 1 WHERE id = \(mine + 1)")
                            // Each holds its own row before it asks for the other's.
                            holds[mine].open()
                            holds[1 - mine].waitOnThisThread()
                            try transaction.execute("UPDATE accounts SET amount = amount + 1 WHERE id = \(2 - mine)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await pool.query("SELECT sum(amount)::int8 FROM accounts").decode(Int.self) == [204])
            #expect(runs.count >= 3)
        }
    }
}
