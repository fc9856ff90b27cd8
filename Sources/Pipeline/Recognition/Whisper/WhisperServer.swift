import Egress
import Foundation

/// The operator's own OpenAI-compatible server: speaches, whisper.cpp, vLLM, a cloud. It gets clips of at most 30 seconds.
struct WhisperServer: Sendable {
    private let endpoint: WhisperEndpoint
    private let apiKey: String?
    /// The model to request, as the server names it.
    let model: String
    private let client: EgressClient
    private let refusals: EngineRefusals?

    /// Largest answer in bytes. 30 seconds take about 30 KiB.
    private static let longestAnswer = 4 << 20

    init(endpoint: WhisperEndpoint, apiKey: String?, model: String, client: EgressClient, refusals: EngineRefusals?) {
        self.endpoint = endpoint
        self.apiKey = apiKey
        self.model = model
        self.client = client
        self.refusals = refusals
    }

    /// Transcribes a clip, a WAV file.
    ///
    /// - Throws: ``EngineError``; ``ModelServerError``; ``EgressError``.
    func transcription(
        of clip: [UInt8], language: String, keyTerms: [String], timeout: Duration
    ) async throws -> WhisperResponse {
        let response: EgressResponse
        do {
            response = try await client.send(
                EgressRequest(
                    method: "POST", url: endpoint.url,
                    headers: (apiKey.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? [])
                        + TraceContext.callHeaders,
                    body: .multipart(
                        [
                            .wav(clip), EgressPart(name: "model", value: model),
                            EgressPart(name: "language", value: language), EgressPart(name: "temperature", value: "0"),
                        ] + Self.prompt(of: keyTerms) + EgressPart.wordTimes),
                    limits: EgressLimits(total: timeout, connect: .seconds(10), responseBytes: Self.longestAnswer),
                    trust: .operatorConfigured))
        } catch EgressError.couldNotConnect {
            // Unlike our own model server, nobody restarts it for us, so this counts as a failure.
            throw EngineError.unavailable(.networkError)
        }
        switch response.status {
        case 200..<300:
            let answer: WhisperResponse = try response.decoded()
            await refusals?.accepted([model], by: EngineRefusals.whisperServer)
            return answer
        case 401, 403:
            throw EngineError.misconfigured(
                "the Whisper server rejects us with HTTP \(response.status): check VERBATIM_WHISPER_API_KEY and what this key may do"
            )
        case let status:
            guard let refusal = WhisperRefusal(response), refusal.isAboutTheModel else {
                throw ModelServerError(status: status)
            }
            await refusals?.note(
                [model], by: EngineRefusals.whisperServer, status: status,
                saying: EngineRefusals.presentable(refusal.text, apiKey: apiKey ?? ""),
                setting: "VERBATIM_WHISPER_MODEL")
            // Always 404, because a 400 would count as an error of the audio. It may work later: the server may still be loading the model,
            // or an operator may name another.
            throw ModelServerError(status: 404)
        }
    }
}

extension WhisperServer {
    /// The longest prompt, in characters: Whisper takes the last 224 tokens of it, and a token has a character at least.
    private static let longestPrompt = 600

    /// The key terms as the OpenAI API takes them, the first ones if there are too many; none if there are none.
    private static func prompt(of keyTerms: [String]) -> [EgressPart] {
        var prompt = ""
        for term in keyTerms {
            let longer = prompt.isEmpty ? term : prompt + ", " + term
            if longer.count > longestPrompt { break }
            prompt = longer
        }
        return prompt.isEmpty ? [] : [EgressPart(name: "prompt", value: prompt)]
    }
}

extension EgressPart {
    /// Requests segments with figures and words with times.
    static let wordTimes = [
        EgressPart(name: "response_format", value: "verbose_json"),
        EgressPart(name: "timestamp_granularities[]", value: "word"),
        EgressPart(name: "timestamp_granularities[]", value: "segment"),
    ]
}
