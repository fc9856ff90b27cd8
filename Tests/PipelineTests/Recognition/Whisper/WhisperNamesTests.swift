import Pipeline
import Testing

@Suite struct WhisperNamesTests {
    @Test(
        arguments: [
            ("large-v3", "whisper_large_v3"), ("Systran/faster-whisper-large-v3", "whisper_large_v3"),
            ("openai/whisper-large-v3", "whisper_large_v3"), ("/models/whisper-large-v3/", "whisper_large_v3"),
            ("/hub/models--Systran--faster-whisper-large-v3/snapshots/edaa852ec7", "whisper_large_v3"),
            ("whisper_large_v3", "whisper_large_v3"), ("large-v3-turbo", "whisper_large_v3_turbo"),
            ("whisper-1", "whisper_1"), ("ggml-base.en.bin", "whisper_base_en"), ("whisper_base", "whisper_base"),
            ("openai-whisper-small", "whisper_small"),
            ("distil-whisper/distil-large-v3", "whisper_distil_large_v3"), ("gpt-4o-transcribe", "gpt_4o_transcribe"),
        ] as [(String, String)])
    func `a model has one name, whoever packs it`(model: String, name: String) {
        #expect(WhisperModelName.engine(of: model) == name)
    }

    @Test(arguments: ["", "/", "--", "模型", "…"])
    func `a model without a name has none`(model: String) {
        #expect(WhisperModelName.engine(of: model) == nil)
    }

    @Test func `a name of any length makes a short one`() throws {
        let name = try #require(WhisperModelName.engine(of: String(repeating: "large-", count: 100_000)))
        #expect(name.count < 400)
    }

    @Test(
        arguments: [
            ("http://gpu:8000", "http://gpu:8000/v1/audio/transcriptions"),
            ("http://gpu:8000/", "http://gpu:8000/v1/audio/transcriptions"),
            ("https://api.example/v1", "https://api.example/v1/audio/transcriptions"),
            ("https://api.example/openai/v1/", "https://api.example/openai/v1/audio/transcriptions"),
            ("https://api.example/speech", "https://api.example/speech/v1/audio/transcriptions"),
            ("https://api.example/v1/audio/transcriptions", "https://api.example/v1/audio/transcriptions"),
            ("http://[::1]:8080/inference", "http://[::1]:8080/inference"),
            (
                "https://x.example/d/whisper/audio/transcriptions?api-version=1",
                "https://x.example/d/whisper/audio/transcriptions?api-version=1"
            ),
        ] as [(String, String)])
    func `a host, an API's root or a whole path leads to where recordings are taken`(text: String, url: String) {
        #expect(WhisperEndpoint(text)?.url == url)
    }

    @Test(arguments: [
        "", "gpu:8000", "ftp://gpu/", "http://", "file:///inference", "http://user:secret@gpu/", "http://user@gpu/",
        "http://gpu/#x",
    ])
    func `what is no URL of a server is refused`(text: String) {
        #expect(WhisperEndpoint(text) == nil)
    }
}
