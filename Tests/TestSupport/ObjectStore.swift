import Foundation

/// A real S3 server beside the tests, which verifies every signature (`Tests/ObjectStore`): one for all of them.
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
    }

    /// What a node is told.
    package func settings(prefix: String) -> [String: String] {
        [
            "VERBATIM_STORAGE": "s3://\(bucket)/\(prefix)", "AWS_ENDPOINT_URL_S3": url,
            "AWS_ACCESS_KEY_ID": accessKeyID, "AWS_SECRET_ACCESS_KEY": secretAccessKey,
        ]
    }

    /// What lies there, as AWS's own client sees it.
    package func keys(_ prefix: String) async throws -> [String] { try await look("list", prefix) }

    package func fill(_ prefix: String, count: Int) async throws { _ = try await look("fill", prefix, "\(count)") }

    /// Begins an upload in parts, and leaves it.
    package func begin(_ key: String) async throws { _ = try await look("begin", key) }

    /// The objects whose uploads in parts nobody has finished.
    package func unfinished(_ prefix: String) async throws -> [String] { try await look("parts", prefix) }

    private func look(_ order: String, _ arguments: String...) async throws -> [String] {
        let result = try await Command.run(
            Self.python, ["-B", Self.folder + "/look.py", url, bucket, order] + arguments,
            environment: [
                "AWS_ACCESS_KEY_ID": accessKeyID, "AWS_SECRET_ACCESS_KEY": secretAccessKey, "PYTHONUTF8": "1",
            ])
        guard result.status == 0 else { throw Failed(errors: result.errors) }
        return try JSONDecoder().decode([String].self, from: Data(result.output.utf8))
    }

    package struct Failed: Error {
        package let errors: String
    }
}
