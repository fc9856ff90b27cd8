import Egress
import Foundation

/// Somebody's OpenAI-compatible server: speaches, whisper.cpp's, vLLM, a cloud. It is given clips of at most 30 seconds.
struct WhisperServer: Sendable {
    private let endpoint: WhisperEndpoint
    private let apiKey: String?
    /// The model asked for, as the server knows it.
    let model: String
    private let client: EgressClient

    /// The answer to 30 seconds is some 30 KiB.
    private static let longestAnswer = 4 << 20

    init(endpoint: WhisperEndpoint, apiKey: String?, model: String, client: EgressClient) {
        self.endpoint = endpoint
        self.apiKey = apiKey
        self.model = model
        self.client = client
    }

    /// - Throws: ``EngineError``; ``ModelServerError``; ``EgressError``.
    func transcription(of clip: [UInt8], language: String, timeout: Duration) async throws -> WhisperAnswer {
        let response: EgressResponse
        do {
            response = try await client.send(
                EgressRequest(
                    method: "POST", url: endpoint.url,
                    headers: apiKey.map { [("Authorization", "Bearer \($0)")] } ?? [],
                    body: .multipart(
                        [
                            .wav(clip), EgressPart(name: "model", value: model),
                            EgressPart(name: "language", value: language), EgressPart(name: "temperature", value: "0"),
                        ] + EgressPart.wordTimes),
                    limits: EgressLimits(total: timeout, connect: .seconds(10), responseBytes: Self.longestAnswer),
                    audience: .operatorConfigured))
        } catch EgressError.couldNotConnect {
            // Nobody starts it again for us, as our own model server is: a fault that counts.
            throw EngineError.unavailable(.networkError)
        }
        switch response.status {
        case 200..<300:
            return try response.decoded()
        case 401, 403:
            throw EngineError.misconfigured(
                "the Whisper server refuses us (\(response.status)): check its API key and what the key may do")
        default:
            throw ModelServerError(status: response.status)
        }
    }
}

extension EgressPart {
    /// Asks for segments with figures and for words with times.
    static let wordTimes = [
        EgressPart(name: "response_format", value: "verbose_json"),
        EgressPart(name: "timestamp_granularities[]", value: "word"),
        EgressPart(name: "timestamp_granularities[]", value: "segment"),
    ]
}
