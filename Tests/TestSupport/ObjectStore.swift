import Foundation
import Postgres
import Synchronization

/// A real S3 server that verifies every signature (`Tests/ObjectStore`). All tests share one.
package final class ObjectStore: Sendable {
    private struct Ready: Decodable {
        let url, bucket, id, secret: String
    }

    package struct Missing: Error, CustomStringConvertible {
        package let description = "the tests' S3 server is missing or does not start: run Tests/ObjectStore/install"
    }

    package let url: String
    package let bucket: String
    package let accessKeyID: String
    package let secretAccessKey: String
    private let process: RunningProcess
    /// AWS's own client. One process for all calls, because it takes longer to load than to answer.
    private let client: RunningProcess
    private let orders = Mutex(0)

    private static let folder = Checkout.root + "/Tests/ObjectStore"
    private static let python = folder + "/.venv/bin/python"
    private static let starting = Task { try await ObjectStore() }

    package static func shared() async throws -> ObjectStore { try await starting.value }

    private init() async throws {
        guard FileManager.default.isExecutableFile(atPath: Self.python) else { throw Missing() }
        process = try await RunningProcess(Self.python, ["-B", Self.folder + "/serve.py"], reading: .output)
        let line = try await process.log.line { _ in true }
        let ready = try JSONDecoder().decode(Ready.self, from: Data(line.utf8))
        (url, bucket, accessKeyID, secretAccessKey) = (ready.url, ready.bucket, ready.id, ready.secret)
        client = try await RunningProcess(
            Self.python, ["-B", Self.folder + "/look.py", ready.url, ready.bucket],
            environment: ["AWS_ACCESS_KEY_ID": ready.id, "AWS_SECRET_ACCESS_KEY": ready.secret, "PYTHONUTF8": "1"],
            reading: .output)
    }

    /// The settings of a node that uses this store.
    package func settings(prefix: String) -> [String: String] {
        ["VERBATIM_STORAGE": "s3://\(bucket)/\(prefix)", "AWS_ENDPOINT_URL_S3": url].merging(keySettings) { $1 }
    }

    /// Those of these settings that a node with a role does without.
    package var keySettings: [String: String] {
        ["AWS_ACCESS_KEY_ID": accessKeyID, "AWS_SECRET_ACCESS_KEY": secretAccessKey]
    }

    /// A temporary key of a role that may use the bucket. The server checks its session token, too.
    ///
    /// - Parameter expires: what the role's endpoint says. The server accepts the key until ``expire(_:)``.
    package func temporaryKey(expires: Timestamp = .now() + .seconds(3600)) async throws -> RoleSimulator.Key {
        let parts = try await look("assume", "verbatim")
        guard parts.count == 3 else { throw Failed(answer: "not a key") }
        return RoleSimulator.Key(id: parts[0], secret: parts[1], token: parts[2], expires: expires)
    }

    /// Has the server answer `ExpiredToken` to this key from now on.
    package func expire(_ key: RoleSimulator.Key) async throws { _ = try await look("expire", key.id) }

    /// The keys of the objects below a prefix, as AWS's own client lists them.
    package func keys(_ prefix: String) async throws -> [String] { try await look("list", prefix) }

    package func fill(_ prefix: String, count: Int) async throws { _ = try await look("fill", prefix, count) }

    /// Begins a multipart upload and leaves it unfinished.
    package func begin(_ key: String) async throws { _ = try await look("begin", key) }

    /// The keys of unfinished multipart uploads.
    package func unfinished(_ prefix: String) async throws -> [String] { try await look("parts", prefix) }

    private func look(_ order: String, _ prefix: String, _ count: Int = 0) async throws -> [String] {
        let line = try JSONSerialization.data(withJSONObject: [order, prefix, count] as [Any])
        // It answers in the order of the orders.
        let number = try orders.withLock { sent in
            try client.send(String(decoding: line, as: UTF8.self) + "\n")
            sent += 1
            return sent
        }
        let answer = try await client.log.line(number: number) { _ in true }
        guard let keys = try? JSONDecoder().decode([String].self, from: Data(answer.utf8)) else {
            throw Failed(answer: answer)
        }
        return keys
    }

    package struct Failed: Error {
        package let answer: String
    }
}
