import Foundation
import TestSupport
import Testing

/// A real PgBouncer in transaction mode between nodes and the test's database.
struct PgBouncer: Sendable {
    /// The URL of the same database, through the pooler.
    let url: String

    /// - Parameter connections: how many it has to the server.
    static func with<T>(
        _ direct: String, connections: Int, _ body: (PgBouncer) async throws -> T
    ) async throws -> T {
        var parts = try #require(URLComponents(string: direct))
        let host = try #require(parts.queryItems?.first { $0.name == "host" }?.value)
        let user = parts.user ?? "postgres"
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        // It does not run as root, so it becomes the user who may connect.
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path)
        let file = folder.path + "/pgbouncer.ini"
        try """
        [databases]
        * = host=\(host) user=\(user)

        [pgbouncer]
        listen_port = 6432
        unix_socket_dir = \(folder.path)
        auth_type = any
        pool_mode = transaction
        default_pool_size = \(connections)
        max_client_conn = 500
        """.write(toFile: file, atomically: false, encoding: .utf8)
        let process = try await RunningProcess(
            "/usr/sbin/pgbouncer", (getuid() == 0 ? ["-u", "postgres"] : []) + [file])
        _ = try await process.log.line(with: "process up")
        parts.queryItems = [URLQueryItem(name: "host", value: folder.path), URLQueryItem(name: "port", value: "6432")]
        do {
            let result = try await body(PgBouncer(url: try #require(parts.string)))
            process.signal(SIGTERM)
            _ = try await process.ended()
            return result
        } catch {
            process.kill()
            throw error
        }
    }
}
