import Logging
import Postgres
import TestSupport
import Testing

@Suite struct ListenerTests {
    private func listen(_ database: TestDatabase, _ channels: [String]) -> PostgresListener {
        PostgresListener(
            configuration: PostgresPool.Configuration(url: database.url, applicationName: "listener"),
            channels: channels, logger: .quiet)
    }

    @Test func `a hint of the connection comes first, then notifications in order`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool()
            let listener = listen(database, ["jobs", "Odd \"name"])
            var hints = listener.notifications.makeAsyncIterator()
            #expect(await hints.next() == .reconnected)
            for number in 1...3 { try await pool.execute("SELECT pg_notify('jobs', \("\(number)"))") }
            try await pool.execute("SELECT pg_notify('unheard', 'x')")
            try await pool.execute("SELECT pg_notify('Odd \"name', 'y')")
            for number in 1...3 {
                #expect(await hints.next() == PostgresNotification(channel: "jobs", payload: "\(number)"))
            }
            #expect(await hints.next() == PostgresNotification(channel: "Odd \"name", payload: "y"))
            await listener.close()
            #expect(await hints.next() == nil)
        }
    }

    @Test func `a lost connection is replaced and says so`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool()
            let listener = listen(database, ["jobs"])
            var hints = listener.notifications.makeAsyncIterator()
            #expect(await hints.next() == .reconnected)
            try await pool.execute(
                """
                SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'listener'
                """)
            #expect(await hints.next() == .reconnected)
            try await pool.execute("SELECT pg_notify('jobs', 'after')")
            #expect(await hints.next() == PostgresNotification(channel: "jobs", payload: "after"))
            await listener.close()
        }
    }

    @Test func `closing ends a listener that never got a connection`() async throws {
        let listener = PostgresListener(
            configuration: PostgresPool.Configuration(url: "host=/nonexistent"), channels: ["jobs"],
            logger: .quiet)
        await listener.close()
        await listener.close()
        for await _ in listener.notifications { Issue.record("there was nothing to hear") }
    }
}
