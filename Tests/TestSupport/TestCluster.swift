// A real PostgreSQL server for the tests. There is one per test process, started when it is first needed.
//
// The server and its directory are removed when the test process ends, even if that is killed: a shell waits for the end of
// a pipe that only the test process holds open. If VERBATIM_TEST_POSTGRES_URL is set, that server is used instead; the URL
// must be a superuser's. If the server does not start, the error contains the last line of the server or the shell.

import Foundation
import Logging
import Postgres
import Synchronization

package final class TestCluster: Sendable {
    package struct CannotStart: Error, CustomStringConvertible {
        package let description: String
    }

    /// The URL of the server's own database, as a superuser.
    package let url: String
    /// Creates and drops databases.
    let admin: PostgresPool

    private static let starting = Task { try await TestCluster(url: serverURL()) }

    package static func shared() async throws -> TestCluster { try await starting.value }

    private init(url: String) {
        self.url = url
        let configuration = PostgresPool.Configuration(url: url, size: 2, acquireTimeout: .seconds(120))
        admin = PostgresPool(configuration: configuration, logger: Logger(label: "test-cluster"))
    }

    /// The URL of another database on this server, for the same user or another one.
    package func url(database: String, user: String? = nil) throws -> String {
        guard var parts = URLComponents(string: url), let scheme = parts.scheme,
            ["postgres", "postgresql"].contains(scheme)
        else { throw CannotStart(description: "VERBATIM_TEST_POSTGRES_URL must be a postgresql:// URL") }
        parts.path = "/" + database
        if let user { parts.user = user }
        guard let text = parts.string else { throw CannotStart(description: "no URL for \(database)") }
        return text
    }

    /// Runs `body` with a new, empty server, and removes it afterward.
    package static func withFresh<T: Sendable>(_ body: (TestCluster) async throws -> T) async throws -> T {
        let (shell, url) = try await startServer()
        let cluster = TestCluster(url: url)
        let result: Result<T, any Error>
        do { result = .success(try await body(cluster)) } catch { result = .failure(error) }
        await cluster.admin.close()
        shell.closeInput()
        _ = try await shell.ended()
        return try result.get()
    }

    private static func serverURL() async throws -> String {
        if let url = ProcessInfo.processInfo.environment["VERBATIM_TEST_POSTGRES_URL"] { return url }
        let (shell, url) = try await startServer()
        keeper.withLock { $0 = shell }
        return url
    }

    private static func startServer() async throws -> (keeper: RunningProcess, url: String) {
        // A session of its own: a signal to the tests' process group must not kill the shell, which cleans up.
        let shell = try await RunningProcess("/usr/bin/setsid", ["/bin/sh", "-c", script], reading: .output)
        let answer = try await shell.log.line { _ in true }
        let words = answer.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0] == "ready" else {
            throw CannotStart(description: "the test cluster did not start: \(answer)")
        }
        return (shell, "postgresql://postgres@/postgres?host=\(words[1])")
    }

    /// The shell, which keeps the server running until the kernel closes its standard input with this process. It is never killed, because it
    /// cleans up.
    private static let keeper = Mutex<RunningProcess?>(nil)

    private static let script = #"""
        # Nothing but the end of the pipe ends this; not even a reader who died before the first line.
        trap '' INT HUP TERM PIPE
        export LC_ALL=C.UTF-8
        bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
        [ -x "$bin/initdb" ] || bin=$(pg_config --bindir)
        [ -x "$bin/initdb" ] || { echo "no PostgreSQL server is installed"; exit 1; }
        # Short, because the path of a socket holds 107 bytes at most.
        dir=$(mktemp -d /tmp/verbatim-test-XXXXXX) && cd "$dir" && mkdir data && chmod 755 . || exit 1
        as=
        if [ "$(id -u)" = 0 ]; then as="runuser -u postgres --"; chown postgres . data; fi
        fail() { echo "$1: $(tail -1 log)"; cd /; rm -rf "$dir"; exit 1; }
        $as "$bin/initdb" -D data -U postgres -A trust --no-sync --locale=C.UTF-8 -E UTF8 </dev/null >log 2>&1 ||
            fail initdb
        $as "$bin/postgres" -D data -k "$dir" -c listen_addresses= -c max_connections=600 -c fsync=off \
            -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off -c shared_buffers=64MB \
            </dev/null >>log 2>&1 &
        until "$bin/pg_isready" -q -h "$dir"; do
            kill -0 $! || fail postgres
            sleep 0.02
        done
        echo "ready $dir"
        exec >/dev/null
        # Ends when the last holder of the other end, the test process, does.
        cat
        pid=$(head -1 data/postmaster.pid)
        kill -QUIT "$pid"
        while kill -0 "$pid"; do sleep 0.02; done
        cd /
        rm -rf "$dir"
        """#
}
