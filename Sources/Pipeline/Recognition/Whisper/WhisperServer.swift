import Egress
import Foundation

/// Somebody's OpenAI-compatible server: speaches, whisper.cpp's, vLLM, a cloud. It is given clips of at most 30 seconds.
struct WhisperServer: Sendable {
    private let endpoint: WhisperEndpoint
    private let apiKey: String?
    /// The model asked for, as the server knows it.
    let model: String
    private let client: EgressClient
    private let refusals: EngineRefusals?

    /// The answer to 30 seconds is some 30 KiB.
    private static let longestAnswer = 4 << 20

    init(endpoint: WhisperEndpoint, apiKey: String?, model: String, client: EgressClient, refusals: EngineRefusals?) {
        self.endpoint = endpoint
        self.apiKey = apiKey
        self.model = model
        self.client = client
        self.refusals = refusals
    }

    /// - Throws: ``EngineError``; ``ModelServerError``; ``EgressError``.
    func transcription(of clip: [UInt8], language: String, timeout: Duration) async throws -> WhisperResponse {
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
                    trust: .operatorConfigured))
        } catch EgressError.couldNotConnect {
            // Nobody starts it again for us, as our own model server is: a fault that counts.
            throw EngineError.unavailable(.networkError)
        }
        switch response.status {
        case 200..<300:
            let answer: WhisperResponse = try response.decoded()
            await refusals?.accepted([model], by: EngineRefusals.whisperServer)
            return answer
        case 401, 403:
            throw EngineError.misconfigured(
                "the Whisper server refuses us (\(response.status)): check its API key and what the key may do")
        case let status:
            guard let refusal = WhisperRefusal(response), refusal.isAboutTheModel else {
                throw ModelServerError(status: status)
            }
            await refusals?.note(
                [model], by: EngineRefusals.whisperServer, status: status,
                saying: EngineRefusals.presentable(refusal.text, apiKey: apiKey ?? ""),
                setting: "VERBATIM_WHISPER_MODEL")
            // No word on the audio, though some say it with a 400: the server may be loading the model, or an operator names another.
            throw ModelServerError(status: 404)
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
