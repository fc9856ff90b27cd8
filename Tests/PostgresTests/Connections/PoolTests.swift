import Logging
import Postgres
import TestSupport
import Testing

@Suite struct PoolTests {
    private let logger = Logger(label: "pool-tests")

    /// Holds a connection of `pool` until the gate opens.
    private func occupy(_ pool: PostgresPool, _ latch: Latch) async throws -> Task<Void, any Error> {
        let isHeld = Latch()
        let task = Task {
            try await pool.transaction { _ in
                isHeld.open()
                latch.waitOnThisThread()
            }
        }
        await isHeld.wait()
        return task
    }

    @Test func `a lost connection is replaced before the transaction begins`() async throws {
        try await withTestDatabase { database in
            let (pool, killer) = (database.pool(size: 1), database.pool(size: 1))
            for _ in 0..<5 {
                let before = try await pool.query("SELECT pg_backend_pid()").decode(Int.self)
                try await killer.execute("SELECT pg_terminate_backend(\(before[0])::int, 5000)")
                let after = try await pool.transaction { try $0.first("SELECT pg_backend_pid()", as: Int.self) }
                #expect(after != nil && after != before[0])
            }
        }
    }

    @Test func `all idle connections lost at once are replaced`() async throws {
        try await withTestDatabase { database in
            let (pool, killer) = (database.pool(size: 3), database.pool(size: 1))
            let latch = Latch()
            let tasks = [try await occupy(pool, latch), try await occupy(pool, latch), try await occupy(pool, latch)]
            latch.open()
            for task in tasks { try await task.value }
            try await killer.execute(
                """
                SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                """)
            for _ in 0..<3 { #expect(try await pool.query("SELECT 1").decode(Int.self) == [1]) }
        }
    }

    @Test func `a connection lost in the middle throws, is not tried again, and the pool goes on`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool(size: 1)
            let runs = Tally()
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction { transaction in
                    runs.add()
                    try transaction.query("SELECT pg_terminate_backend(pg_backend_pid())")
                }
            }
            #expect(error?.kind == .connectionLost)
            #expect(error?.isUnavailable == true)
            #expect(runs.count == 1)
            let after = try await pool.query("SELECT 1").decode(Int.self)
            #expect(after == [1])
        }
    }

    @Test func `a connection lost during COMMIT says that the outcome is unknown`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool(size: 1)
            try await pool.execute("CREATE TABLE t (n int)")
            try await pool.execute(
                """
                CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM 1; RETURN NULL; END $$
                """)
            try await pool.execute(
                "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()"
            )
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction { try $0.execute("INSERT INTO t VALUES (1)") }
            }
            #expect(error?.kind == .commitOutcomeUnknown)
            #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
        }
    }

    @Test func `who waits too long gets a time-out and its place is given up`() async throws {
        try await withTestDatabase { database in
            var configuration = PostgresPool.Configuration(url: database.url, size: 1)
            configuration.acquireTimeout = .milliseconds(50)
            let pool = PostgresPool(configuration: configuration, logger: logger)
            let latch = Latch()
            let holder = try await occupy(pool, latch)
            let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
            #expect(error?.kind == .timeout)
            latch.open()
            try await holder.value
            #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
        }
    }

    @Test func `no more wait than may, and in the order of their coming`() async throws {
        try await withTestDatabase { database in
            var configuration = PostgresPool.Configuration(url: database.url, size: 1)
            configuration.maxWaiters = 3
            let pool = PostgresPool(configuration: configuration, logger: logger)
            let latch = Latch()
            let holder = try await occupy(pool, latch)
            let order = Tally()
            var waiters: [Task<Void, any Error>] = []
            for number in 0..<3 {
                waiters.append(
                    Task { try await pool.transaction { _ in _ = order.add(number) } })
                try await eventually("it waits") { pool.waiting > number }
            }
            let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
            #expect(error?.kind == .poolExhausted)
            latch.open()
            for task in waiters + [holder] { try await task.value }
            #expect(order.all == [0, 1, 2])
        }
    }

    @Test func `a cancelled waiter leaves the queue`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool(size: 1)
            let latch = Latch()
            let holder = try await occupy(pool, latch)
            let waiter = Task { try await pool.query("SELECT 1") }
            try await eventually("it waits") { pool.waiting == 1 }
            waiter.cancel()
            await #expect(throws: CancellationError.self) { try await waiter.value }
            #expect(pool.waiting == 0)
            latch.open()
            try await holder.value
        }
    }

    @Test func `cancellation stops the statement in the server`() async throws {
        try await withTestDatabase { database in
            let (pool, watcher) = (database.pool(size: 1), database.pool(size: 1))
            let running: PostgresQuery =
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(600)'"
            for isTransaction in [true, false] {
                let sleeper = Task {
                    if isTransaction {
                        try await pool.transaction { _ = try $0.query("SELECT pg_sleep(600)") }
                    } else {
                        try await pool.query("SELECT pg_sleep(600)")
                    }
                }
                try await eventually("it runs") { try await watcher.query(running).decode(Int.self) != [0] }
                sleeper.cancel()
                await #expect(throws: CancellationError.self) { try await sleeper.value }
                try await eventually("it runs no more") { try await watcher.query(running).decode(Int.self) == [0] }
                #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
            }
        }
    }

    @Test func `a task cancelled before or between statements commits nothing`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool(size: 1)
            try await pool.execute("CREATE TABLE t (n int)")
            let (isInside, latch) = (Latch(), Latch())
            let task = Task {
                try await pool.transaction { transaction in
                    try transaction.execute("INSERT INTO t VALUES (1)")
                    isInside.open()
                    latch.waitOnThisThread()
                }
            }
            await isInside.wait()
            task.cancel()
            latch.open()
            await #expect(throws: CancellationError.self) { try await task.value }
            let early = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await pool.transaction { try $0.execute("INSERT INTO t VALUES (2)") }
            }
            await #expect(throws: CancellationError.self) { try await early.value }
            #expect(try await pool.query("SELECT FROM t").isEmpty)
        }
    }

    @Test func `many at once share few connections`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool(size: 3)
            try await withThrowingTaskGroup { group in
                for number in 0..<200 {
                    group.addTask {
                        let pid = try await pool.transaction { transaction in
                            try transaction.first("SELECT \(number), pg_backend_pid()", as: Int.self, Int.self)
                        }
                        #expect(pid?.0 == number)
                        return pid?.1
                    }
                }
                var pids: Set<Int?> = []
                for try await pid in group { pids.insert(pid) }
                #expect(pids.count <= 3)
            }
        }
    }

    @Test func `a statement beyond its time-out is stopped by the server`() async throws {
        try await withTestDatabase { database in
            var configuration = PostgresPool.Configuration(url: database.url, size: 1)
            configuration.statementTimeout = .milliseconds(20)
            let pool = PostgresPool(configuration: configuration, logger: logger)
            let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT pg_sleep(600)") }
            #expect(error?.sqlState == "57014")
        }
    }

    @Test func `an idle connection is tried before use when it was unused for long`() async throws {
        try await withTestDatabase { database in
            var configuration = PostgresPool.Configuration(url: database.url, size: 1)
            configuration.validateAfterIdle = .zero
            let pool = PostgresPool(configuration: configuration, logger: logger)
            let first = try await pool.query("SELECT pg_backend_pid()").decode(Int.self)
            #expect(try await pool.query("SELECT pg_backend_pid()").decode(Int.self) == first)
        }
    }

    @Test func `closing waits for work, refuses more, and leaves no connection`() async throws {
        try await withTestDatabase { database in
            let (pool, watcher) = (database.pool(size: 2), database.pool(size: 1))
            try await pool.query("SELECT 1")
            let latch = Latch()
            let holder = try await occupy(pool, latch)
            async let closing: Void = pool.close()
            latch.open()
            await closing
            try await holder.value
            let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
            #expect(error?.kind == .usage)
            let others: PostgresQuery =
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
                """
            try await eventually("nobody else is connected") { try await watcher.query(others).decode(Int.self) == [0] }
        }
    }

    @Test func `closing does not wait for ever`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool(size: 1)
            let latch = Latch()
            let holder = try await occupy(pool, latch)
            await pool.close(within: .milliseconds(20))
            latch.open()
            try await holder.value
        }
    }
}
