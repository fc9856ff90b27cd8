import Egress
import Foundation

// Telling speakers apart: what is heard in each stretch, and then, once, which voices are the same person's.
extension ModelServer {
    /// The voices in `wav`.
    ///
    /// - Parameter speakers: how many there are, where the customer said so.
    func tracks(in wav: [UInt8], speakers: Int?, timeout: Duration) async throws -> SpeakerTracks {
        var parts: [EgressPart] = [.wav(wav)]
        if let speakers { parts.append(EgressPart(name: "speakers_expected", value: String(speakers))) }
        return try await send("POST", "/v1/audio/speaker-tracks", body: .multipart(parts), timeout: timeout).decoded()
    }

    /// Which speaker each track is, by any number; nil for one that can be given to nobody. `tracks` come with their stretch's number.
    func speakers(of tracks: [(stretch: Int, track: SpeakerTrack)], expected: Int?) async throws -> [Int?] {
        let question = SpeakerQuestion(
            tracks: tracks.map { .init(stretch: $0.stretch, track: $0.track) }, speakers_expected: expected)
        let answer: SpeakerAnswer = try await send(
            "POST", "/v1/speakers", headers: [("Content-Type", "application/json")],
            body: .bytes(Array(try JSONEncoder().encode(question))), timeout: .seconds(300)
        ).decoded()
        guard answer.labels.count == tracks.count else { throw ModelServerError(status: 502) }
        return answer.labels
    }

    private struct SpeakerQuestion: Encodable {
        struct Track: Encodable {
            let embedding: String?
            let seconds: Double
            let group: Int
            let stretch: Int

            init(stretch: Int, track: SpeakerTrack) {
                embedding = track.embedding
                seconds = track.seconds
                group = track.group
                self.stretch = stretch
            }
        }

        let tracks: [Track]
        let speakers_expected: Int?
    }

    private struct SpeakerAnswer: Decodable {
        let labels: [Int?]
    }
}
