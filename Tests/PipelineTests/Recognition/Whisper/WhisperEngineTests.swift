import Egress
import Foundation
import Logging
import Pipeline
import TestSupport
import Testing

@Suite struct WhisperEngineTests {
    private static func chunk(
        _ milliseconds: Int64, language: String = "en", keyTerms: [String] = [], _ speech: [Range<Int64>]
    ) -> SpeechChunk {
        SpeechChunk(
            reading: { WhisperClipsTests.wav(milliseconds) }, duration: milliseconds, language: language,
            speech: speech, keyTerms: keyTerms)
    }

    private static func heard(_ engine: WhisperEngine, _ chunk: SpeechChunk) async throws -> Recognition {
        guard case .heard(let recognition) = try await engine.recognize(chunk, ticket: nil) else {
            throw CancellationError()
        }
        return recognition
    }

    private static func answer(_ text: String, model: String? = nil) -> WhisperScene.Answer {
        let model = model.map { #""model":"\#($0)","# } ?? ""
        return .init(body: #"{\#(model)"segments":[{"start":0.5,"end":1.5,"text":" \#(text)"}]}"#)
    }

    @Test func `a foreign server is asked clip by clip, and its times are put back`() async throws {
        try await WhisperScene.with({ _, before in Self.answer("clip \(before)") }) { scene in
            let recognition = try await Self.heard(
                scene.engine(), Self.chunk(70_000, [1000..<20_000, 40_000..<41_000, 60_000..<61_000]))
            #expect(recognition.segments.map(\.text) == ["clip 0", "clip 1", "clip 2"])
            #expect(recognition.segments.map(\.start) == [1300, 40_300, 60_300])
            #expect(recognition.segments.flatMap(\.words).map(\.start) == [1300, 2100, 40_300, 41_020, 60_300, 61_020])
            #expect(scene.requests.map(\.milliseconds) == [19_400, 1400, 1400])
        }
    }

    @Test func `the request is one that every such server understands`() async throws {
        try await WhisperScene.with({ _, _ in Self.answer("hello") }) { scene in
            let chunk = Self.chunk(2000, language: "de", [0..<2000])
            _ = try await Self.heard(scene.engine(apiKey: "sk-test", model: "Systran/faster-whisper-base"), chunk)
            _ = try await Self.heard(scene.engine("/inference"), chunk)
            let requests = scene.requests
            #expect(requests.map(\.target) == ["/v1/audio/transcriptions", "/inference"])
            #expect(requests.map(\.authorization) == ["Bearer sk-test", nil])
            #expect(
                requests[0].fields == [
                    "model=Systran/faster-whisper-base", "language=de", "temperature=0", "response_format=verbose_json",
                    "timestamp_granularities[]=word", "timestamp_granularities[]=segment",
                ])
            #expect(requests[1].fields.first == "model=whisper-1")
            #expect(requests[0].wav == WAVSamples(try await chunk.wav()).file(of: 0..<2000))
        }
    }

    @Test func `the engine is the model that ran, else the one that was asked for`() async throws {
        try await WhisperScene.with({ request, _ in
            let isNamed = request.fields.contains("model=named")
            return Self.answer("hello", model: isNamed ? "Systran/faster-whisper-large-v3" : nil)
        }) { scene in
            let chunk = Self.chunk(2000, [0..<2000])
            let named = try await Self.heard(scene.engine(model: "named"), chunk)
            #expect(named.engine == "whisper_large_v3")
            #expect(named.model == "Systran/faster-whisper-large-v3")
            let unnamed = try await Self.heard(scene.engine(model: "openai/whisper-small"), chunk)
            #expect(unnamed.engine == "whisper_small")
            #expect(unnamed.model == "openai/whisper-small")
            #expect(try await scene.engine().name() == "whisper_1")
            #expect(try await Self.heard(scene.engine(), chunk).engine == "whisper_1")
        }
    }

    @Test func `our own server hears the whole chunk at once, and is told where to listen`() async throws {
        try await WhisperScene.with({ _, _ in Self.answer("hello", model: "whisper_base") }) { scene in
            let engine = WhisperEngine(server: ModelServer(address: .url(scene.url), client: scene.client))
            let recognition = try await Self.heard(engine, Self.chunk(70_000, [1000..<2000, 40_000..<50_000]))
            #expect(recognition.engine == "whisper_base")
            _ = try await Self.heard(engine, Self.chunk(70_000, []))
            #expect(scene.requests.map(\.milliseconds) == [70_000, 70_000])
            #expect(scene.requests[0].fields.contains("speech=[[0.5,2.3],[39.5,50.3]]"))
            #expect(!scene.requests[1].fields.contains { $0.hasPrefix("speech=") })
        }
    }

    @Test func `our own server gets the key terms whole, and a foreign one as a prompt that it can take`() async throws
    {
        try await WhisperScene.with({ _, _ in Self.answer("hello", model: "whisper_base") }) { scene in
            let terms = ["Dashwood, \"Norland\"", "Łódź"] + (0..<198).map { "Term number \($0)" }
            let own = WhisperEngine(server: ModelServer(address: .url(scene.url), client: scene.client))
            _ = try await Self.heard(own, Self.chunk(2000, keyTerms: terms, [0..<2000]))
            _ = try await Self.heard(scene.engine(), Self.chunk(2000, keyTerms: terms, [0..<2000]))
            _ = try await Self.heard(scene.engine(), Self.chunk(2000, [0..<2000]))
            let hotwords = try #require(scene.requests[0].fields.first { $0.hasPrefix("hotwords=") }).dropFirst(9)
            #expect(try JSONDecoder().decode([String].self, from: Data(hotwords.utf8)) == terms)
            let prompt = try #require(scene.requests[1].fields.first { $0.hasPrefix("prompt=") }).dropFirst(7)
            #expect(prompt.hasPrefix("Dashwood, \"Norland\", Łódź, Term number 0, ") && prompt.count <= 600)
            #expect(prompt.hasSuffix(try #require(terms.last { prompt.contains($0) })))
            #expect(!scene.requests[2].fields.contains { $0.hasPrefix("prompt=") })
        }
    }

    @Test func `text where nobody speaks is dropped`() async throws {
        let body = """
            {"segments":[{"start":0,"end":1.4,"text":" Hello."},{"start":2.2,"end":3.4,"text":" Thank you."},
                         {"start":4.5,"end":5.5,"text":" Goodbye."}]}
            """
        try await WhisperScene.with({ _, _ in .init(body: body) }) { scene in
            let recognition = try await Self.heard(scene.engine(), Self.chunk(10_000, [0..<1500, 4400..<6000]))
            #expect(recognition.segments.map(\.text) == ["Hello.", "Goodbye."])
            #expect(recognition.removed == [.init(start: 2200, end: 3400, words: 2, reason: .noSpeech)])
        }
    }

    @Test func `a loop is counted and real repetitions stay, from our own server and from others`() async throws {
        let spans: [Range<Int64>] = (0..<4).map { (index: Int64) in index * 2_000 + 500..<index * 2_000 + 1_700 }
        let wav = HallucinationEvidenceTests.wav(12_000, loud: spans)
        // Said in each span, then 6 times over silence.
        let stuck: [Range<Int64>] = (0..<6).map { (index: Int64) in 9_000 + index * 400..<9_300 + index * 400 }
        let segments = (spans + stuck).map { (span: Range<Int64>) -> String in
            let (start, end) = (Double(span.lowerBound) / 1_000, Double(span.upperBound) / 1_000)
            return #"{"start":\#(start),"end":\#(end),"text":" Please hold the line.","compression_ratio":4}"#
        }
        let list = segments.joined(separator: ",")
        let body = #"{"segments":[\#(list)]}"#
        try await WhisperScene.with({ _, _ in .init(body: body) }) { scene in
            // One clip, from the start of the chunk.
            let chunk = SpeechChunk(
                reading: { wav }, duration: 12_000, language: "en", speech: [200..<11_900])
            let own = WhisperEngine(server: ModelServer(address: .url(scene.url), client: scene.client))
            for engine in [try scene.engine(), own] {
                let recognition = try await Self.heard(engine, chunk)
                #expect(recognition.segments.map(\.text) == Array(repeating: "Please hold the line.", count: 4))
                #expect(recognition.removed == [.init(start: 9_000, end: 11_300, words: 24, reason: .repetition)])
            }
        }
    }

    @Test(arguments: [401, 403])
    func `a refused key is the operator's to mend`(status: Int) async throws {
        try await WhisperScene.with({ _, _ in .init(status: status, body: #"{"error":"key sk-test"}"#) }) { scene in
            let engine = try scene.engine(apiKey: "sk-test")
            let error = await #expect(throws: EngineError.self) {
                try await engine.recognize(Self.chunk(1000, []), ticket: nil)
            }
            guard case .misconfigured(let text) = error else { throw CancellationError() }
            #expect(text.contains("\(status)") && !text.contains("sk-test"))
        }
    }

    /// OpenAI's, vLLM's newer and older, speaches', and our own server's.
    @Test(
        arguments: [
            (
                404,
                #"{"error":{"message":"The model `m` does not exist","type":"x","param":null,"code":"model_not_found"}}"#
            ),
            (400, #"{"error":{"message":"The model m has been decommissioned.","code":"model_decommissioned"}}"#),
            (404, #"{"error":{"message":"The model `m` does not exist.","param":"model","code":404}}"#),
            (
                404,
                #"{"object":"error","message":"The model `m` does not exist.","type":"NotFoundError","param":null,"code":404}"#
            ),
            (404, #"{"detail":"Model 'm' is not installed locally. Key sk-test at http://h.example/x."}"#),
            (400, #"{"error":"unknown model: m"}"#),
        ])
    func `a server without the model is the operator's to mend: it may pass, and is told`(
        status: Int, body: String
    ) async throws {
        let log = CapturedLog()
        let refusals = EngineRefusals(logger: Logger(label: "test") { _ in log })
        try await WhisperScene.with({ _, _ in .init(status: status, body: body) }) { scene in
            let engine = try scene.engine(apiKey: "sk-test", model: "m", refusals: refusals)
            let error = try #require(
                await #expect(throws: ModelServerError.self) {
                    try await engine.recognize(Self.chunk(1000, []), ticket: nil)
                })
            #expect(!error.isPermanent && !error.isBusy)
            #expect(log.text.contains("the recognizer rejects a model: look at VERBATIM_WHISPER_MODEL"))
            #expect(!log.text.contains("sk-test") && !log.text.contains("h.example"))
        }
    }

    @Test(
        arguments: [
            #"{"error":{"message":"Language 'yue' is not supported by the model","code":"invalid_value"}}"#,
            #"{"error":{"message":"Invalid file format.","param":"file","code":null}}"#,
            #"{"detail":[{"loc":["body","file"],"msg":"field required"}]}"#, "no JSON", "[]",
        ])
    func `what a server says of the audio is no word on its model`(body: String) async throws {
        let log = CapturedLog()
        let refusals = EngineRefusals(logger: Logger(label: "test") { _ in log })
        try await WhisperScene.with({ _, _ in .init(status: 400, body: body) }) { scene in
            let engine = try scene.engine(model: "m", refusals: refusals)
            let error = await #expect(throws: ModelServerError.self) {
                try await engine.recognize(Self.chunk(1000, []), ticket: nil)
            }
            #expect(error?.isPermanent == true)
            #expect(log.text.isEmpty)
        }
    }

    @Test(
        arguments: [
            (400, true, false), (413, true, false), (415, true, false), (422, true, false), (404, false, false),
            (429, false, true), (500, false, false), (503, false, true), (301, false, false),
        ] as [(Int, Bool, Bool)])
    func `a refusal says whether it may pass`(status: Int, isPermanent: Bool, isBusy: Bool) async throws {
        try await WhisperScene.with({ _, _ in .init(status: status, body: "{}") }) { scene in
            let engine = try scene.engine()
            let error = try #require(
                await #expect(throws: ModelServerError.self) {
                    try await engine.recognize(Self.chunk(1000, []), ticket: nil)
                })
            #expect(error.status == status)
            #expect(error.isPermanent == isPermanent)
            #expect(error.isBusy == isBusy)
        }
    }

    @Test(arguments: ["", "<html>", "{}", #"{"segments":"#, #"{"error":{"message":"x"}}"#])
    func `nonsense with status 200 is a fault that may pass, not silence`(body: String) async throws {
        try await WhisperScene.with({ _, _ in .init(body: body) }) { scene in
            let engine = try scene.engine()
            let error = await #expect(throws: ModelServerError.self) {
                try await engine.recognize(Self.chunk(1000, []), ticket: nil)
            }
            #expect(error?.status == 502)
        }
    }

    @Test func `an endless answer is cut off`() async throws {
        try await WhisperScene.with({ _, _ in
            .init(body: #"{"text":""# + String(repeating: "a ", count: 4 << 20) + #""}"#)
        }) {
            scene in
            let engine = try scene.engine()
            await #expect(throws: EgressError.responseTooLarge(limit: 4 << 20)) {
                try await engine.recognize(Self.chunk(1000, []), ticket: nil)
            }
        }
    }
}
