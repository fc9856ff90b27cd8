import Egress
import Foundation

/// A client of the model server, which listens on the Unix socket of a child process or at a URL that the operator configured.
package struct ModelServer: Sendable {
    package enum Address: Sendable {
        case unixSocket(String)
        /// `http(s)://host[:port][/prefix]`, without a slash at the end.
        case url(String)
    }

    private let address: Address
    private let client: EgressClient

    package init(address: Address, client: EgressClient) {
        self.address = address
        self.client = client
    }

    /// Checks that the server answers and has loaded its model; returns what it runs. The request doesn't wait in line behind recognitions
    /// (``EgressRequest/waitsInLine``).
    func health() async throws -> Health {
        let response = try await send("GET", "/health", body: .none, timeout: .seconds(5), waitsInLine: false)
        return try response.decoded()
    }

    struct Health: Decodable {
        let model: String
        /// Nil if the server cannot diarize.
        let diarization: Diarization?
        /// Requests that have a worker, and all that it has taken. Nil of a server that doesn't say.
        let running, admitted: Int?

        var load: ModelServerLoad {
            let running = running ?? 0
            return ModelServerLoad(running: running, waiting: max(0, (admitted ?? 0) - running))
        }

        struct Diarization: Decodable {
            /// The model's name in transcripts.
            let model: String
            /// How much audio it takes at a time.
            let section_seconds: Int
        }
    }

    /// Detects speech in `wav`. Returns spans in seconds from its start.
    func speech(in wav: [UInt8]) async throws -> [SpeechSpan] {
        let response = try await send(
            "POST", "/v1/audio/speech-activity", body: .multipart([.wav(wav)]), timeout: .seconds(120))
        let answer: SpeechResponse = try response.decoded()
        return answer.speech
    }

    struct SpeechSpan: Codable, Sendable {
        let start, end: Double
    }

    private struct SpeechResponse: Decodable {
        let speech: [SpeechSpan]
    }

    /// Detects the language of the first 30 s of speech in `wav`. Returns its code and the model's confidence from 0 to 1; nil if there is
    /// no speech.
    ///
    /// - Parameter allowed: the languages to choose among; empty: any.
    func language(
        of wav: [UInt8], among allowed: [String] = []
    ) async throws -> (code: String, confidence: Double)? {
        var parts: [EgressPart] = [.wav(wav)]
        if !allowed.isEmpty {
            parts.append(
                EgressPart(name: "languages", value: String(decoding: try JSONEncoder().encode(allowed), as: UTF8.self))
            )
        }
        let response = try await send(
            "POST", "/v1/audio/languages", body: .multipart(parts), timeout: .seconds(120))
        let answer: LanguageResponse = try response.decoded()
        guard let language = answer.language else { return nil }
        return (language, answer.probability ?? 0)
    }

    private struct LanguageResponse: Decodable {
        let language: String?
        let probability: Double?
    }

    /// Recognizes the words of `wav`. The answer has OpenAI's format.
    ///
    /// - Parameters:
    ///   - speech: The parts to recognize, in milliseconds; empty: the server detects speech by itself.
    ///   - timeout: For the whole recognition.
    func transcription(
        of wav: [UInt8], language: String, keyTerms: [String] = [], speech: [Range<Int64>], timeout: Duration
    ) async throws -> WhisperResponse {
        var parts: [EgressPart] = [
            .wav(wav), EgressPart(name: "model", value: WhisperModelName.any),
            EgressPart(name: "language", value: language),
        ]
        if !keyTerms.isEmpty {
            parts.append(
                EgressPart(name: "hotwords", value: String(decoding: try JSONEncoder().encode(keyTerms), as: UTF8.self))
            )
        }
        if !speech.isEmpty {
            let spans = speech.map { [Double($0.lowerBound) / 1000, Double($0.upperBound) / 1000] }
            parts.append(
                EgressPart(name: "speech", value: String(decoding: try JSONEncoder().encode(spans), as: UTF8.self)))
        }
        return try await send(
            "POST", "/v1/audio/transcriptions", body: .multipart(parts + EgressPart.wordTimes), timeout: timeout
        ).decoded()
    }

    private func send(
        _ method: String, _ path: String, headers: [(name: String, value: String)] = [], body: EgressBody,
        timeout: Duration, waitsInLine: Bool = true
    ) async throws -> EgressResponse {
        let (base, socket) =
            switch address {
            case .unixSocket(let path): ("http://localhost", path as String?)
            case .url(let url): (url, nil)
            }
        let response = try await client.send(
            EgressRequest(
                method: method, url: base + path, unixSocketPath: socket,
                headers: headers + TraceContext.callHeaders, body: body,
                limits: EgressLimits(total: timeout, connect: .seconds(5), responseBytes: 64 << 20),
                trust: .operatorConfigured, waitsInLine: waitsInLine))
        guard response.isSuccess else { throw ModelServerError(status: response.status) }
        return response
    }
}

/// A model server answered with an error, or with something that isn't a valid answer (502).
package struct ModelServerError: Error, CustomStringConvertible {
    package let status: Int

    /// Whether the server says that this audio can never be recognized. All other errors may be temporary, even the 404 of a proxy during a
    /// deployment.
    package var isPermanent: Bool { [400, 413, 415, 422].contains(status) }

    /// Whether the server is up but has no free slot, or is still loading its model.
    package var isBusy: Bool { status == 503 || status == 429 }

    package var description: String { "the model server answered \(status)" }
}

extension EgressResponse {
    /// Returns the decoded JSON body.
    ///
    /// - Throws: ``ModelServerError`` with status 502, a temporary error, if the body isn't as expected.
    func decoded<T: Decodable>(as type: T.Type = T.self) throws -> T {
        do {
            return try JSONDecoder().decode(T.self, from: Data(body))
        } catch {
            throw ModelServerError(status: 502)
        }
    }
}

extension EgressPart {
    static func wav(_ bytes: [UInt8]) -> EgressPart {
        EgressPart(name: "file", filename: "audio.wav", contentType: "audio/wav", content: .bytes(bytes))
    }
}

// Diarization: the tracks of each section, then once for the job which tracks are the same speaker.
extension ModelServer {
    /// Returns the tracks in `wav`.
    ///
    /// - Parameter speakers: The number of speakers, as far as the customer gave it.
    func tracks(in wav: [UInt8], speakers: SpeakerCount, timeout: Duration) async throws -> SpeakerTracks {
        let parts = [.wav(wav)] + speakers.fields.map { EgressPart(name: $0.name, value: String($0.number)) }
        return try await send("POST", "/v1/audio/speaker-tracks", body: .multipart(parts), timeout: timeout).decoded()
    }

    /// Returns an arbitrary speaker number for each track; nil for a track that fits no speaker.
    ///
    /// - Parameters:
    ///   - tracks: Each with its section's number.
    ///   - expected: The number of speakers, as far as the customer gave it.
    /// - Throws: ``ModelServerError``; ``EgressError``.
    func speakers(of tracks: [(section: Int, track: SpeakerTrack)], expected: SpeakerCount) async throws -> [Int?] {
        let question = SpeakerRequest(
            tracks: tracks.map { .init(section: $0.section, track: $0.track) }, speakers_expected: expected.expected,
            speakers_min: expected.least, speakers_max: expected.most)
        let answer: SpeakerResponse = try await send(
            "POST", "/v1/speakers", headers: [("Content-Type", "application/json")],
            body: .bytes(Array(try JSONEncoder().encode(question))), timeout: .seconds(300)
        ).decoded()
        guard answer.labels.count == tracks.count else { throw ModelServerError(status: 502) }
        return answer.labels
    }

    private struct SpeakerRequest: Encodable {
        struct Track: Encodable {
            let embedding: String?
            let seconds: Double
            let group: Int
            let section: Int

            init(section: Int, track: SpeakerTrack) {
                embedding = track.embedding
                seconds = track.seconds
                group = track.group
                self.section = section
            }
        }

        let tracks: [Track]
        let speakers_expected, speakers_min, speakers_max: Int?
    }

    private struct SpeakerResponse: Decodable {
        let labels: [Int?]
    }
}

/// The requests that a model server has: how many it works on, and how many wait.
package struct ModelServerLoad: Sendable, Equatable {
    package let running, waiting: Int
}
