// The client's side of a few tests, in a process of its own: memory, environment and threads belong to all of a process.
//
// Prints what the test asks about and ends with 0; on failure it says why on standard error and ends with 1. No wait is
// without a limit, so a test that starts this sees its end.

import Egress
import Foundation
import Logging

@main enum Probe {
    struct Misused: Error {}

    static let quiet = Logger(label: "egress-probe") { _ in SwiftLogNoOpLogHandler() }
    /// Below the 30 s after which the tests' server gives a silent connection up.
    static let limits = EgressLimits(total: .seconds(20), connect: .seconds(10), responseBytes: 1 << 20)

    static func main() async {
        do {
            print(try await answer(to: Array(CommandLine.arguments.dropFirst())))
        } catch {
            try? FileHandle.standardError.write(contentsOf: Data("EgressProbe: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func answer(to arguments: [String]) async throws -> String {
        switch (arguments.first, arguments.count) {
        case ("get", 2): "\(try await status(of: arguments[1]))"
        case ("upload", 3): try json(await UploadReport(uploading: arguments[2], to: arguments[1]))
        case ("close", 2): try json(await CloseReport(of: arguments[1]))
        case ("proxy", 1): try json(await proxyReport())
        default: throw Misused()
        }
    }

    /// The answer's status, asked for with a client of its own.
    static func status(of url: String) async throws -> Int {
        let client = EgressClient(logger: quiet)
        let request = EgressRequest(url: url, limits: limits, trust: .operatorConfigured)
        let result: Result<EgressResponse, any Error>
        do { result = .success(try await client.send(request)) } catch { result = .failure(error) }
        await client.close()
        return try result.get().status
    }

    private static func proxyReport() async throws -> ProxyReport {
        // Dispatch takes descriptors of its own when it is first needed, and ends a process that has none.
        await withCheckedContinuation { continuation in
            DispatchQueue.main.asyncAfter(deadline: .now() + 0.001) { continuation.resume() }
        }
        return try ProxyReport()
    }

    private static func json(_ report: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(report), as: UTF8.self)
    }
}
