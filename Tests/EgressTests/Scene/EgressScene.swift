import Egress
import Logging
import TestSupport
import Testing

// What the tests of the client share.

extension EgressLimits {
    /// So high that only tests of limits reach them.
    static let generous = EgressLimits(total: .seconds(300), connect: .seconds(60), responseBytes: 1 << 20)

    static func total(_ duration: Duration) -> EgressLimits {
        EgressLimits(total: duration, connect: .seconds(10), responseBytes: 1 << 20)
    }
}

extension EgressRequest {
    static func get(
        _ url: String, limits: EgressLimits = .generous, redirects: Int = 0,
        trust: EgressTrust = .operatorConfigured
    ) -> EgressRequest {
        EgressRequest(url: url, limits: limits, redirects: redirects, trust: trust)
    }

    static func post(_ url: String, _ body: EgressBody, method: String = "POST") -> EgressRequest {
        EgressRequest(method: method, url: url, body: body, limits: .generous, trust: .operatorConfigured)
    }
}

/// Runs `body` with a client and closes it afterward.
@discardableResult
func withClient<Result: Sendable>(
    _ configuration: EgressConfiguration = EgressConfiguration(),
    _ body: (EgressClient) async throws -> Result
) async throws -> Result {
    let client = EgressClient(configuration: configuration, logger: .quiet)
    do {
        let result = try await body(client)
        await client.close()
        return result
    } catch {
        await client.close()
        throw error
    }
}

/// The output of `EgressProbe`, which runs a client in a process of its own.
func probe(_ arguments: String..., environment: [String: String] = [:]) async throws -> String {
    let result = try await Command.run(
        Checkout.executable("EgressProbe"), arguments, environment: environment)
    try #require(result.status == 0, "\(result.errors)")
    return result.output
}

/// Sends messages from a script's thread to its test.
struct Mail<Message: Sendable>: Sendable {
    private let stream: AsyncStream<Message>
    private let continuation: AsyncStream<Message>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func send(_ message: Message) { continuation.yield(message) }

    func next() async throws -> Message { try #require(await stream.first { _ in true }) }
}
