import Concurrency
import Egress
import Foundation

/// Calls to endpoints that give credentials: few bytes, little time, no redirects.
struct CredentialEndpoint: Sendable {
    /// For operators.
    let name: String
    let client: EgressClient
    let limits: EgressLimits

    init(_ name: String, _ client: EgressClient, total: Duration, connect: Duration) {
        self.name = name
        self.client = client
        limits = EgressLimits(total: total, connect: connect, responseBytes: CredentialDocument.mostBytes)
    }

    /// Returns the answer, whatever its status.
    func send(
        _ method: String, _ url: String, headers: [(name: String, value: String)] = [], body: EgressBody = .none
    ) async throws -> EgressResponse {
        do {
            // Out of line: transfers of recordings wait for the credentials, so the credentials must not wait for them. One request is
            // sent at a time.
            return try await client.send(
                EgressRequest(
                    method: method, url: url, headers: headers, body: body, limits: limits, trust: .operatorConfigured,
                    waitsInLine: false))
        } catch let error as EgressError {
            throw CredentialFault(error, from: name)
        }
    }
}

/// A file with a token that others replace from time to time, so it is read for each use.
struct TokenFile: Sendable, Equatable {
    private static let threads = BlockingCalls.concurrent("credentials")
    private static let mostBytes = 64 << 10

    /// The setting that names it.
    let setting: String
    let path: String

    /// Whether it can be sent in a header. It may have spaces, as in `Basic …`.
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }

    func read() async throws -> String {
        let read = await Self.threads.run { [path] in
            guard let file = FileHandle(forReadingAtPath: path) else { return Data?.none }
            return try? file.read(upToCount: Self.mostBytes + 1)
        }
        guard let bytes = read else { throw CredentialFault.refused("\(setting) names a file that cannot be read") }
        let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard bytes.count <= Self.mostBytes, Self.isToken(text) else {
            throw CredentialFault.refused("\(setting) names a file that holds no token")
        }
        return text
    }
}
