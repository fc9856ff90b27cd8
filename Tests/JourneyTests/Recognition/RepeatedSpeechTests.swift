import Foundation
import TestSupport
import Testing

/// What somebody says again and again is told each time.
@Suite struct RepeatedSpeechTests {
    @Test(arguments: [(["0880"], 3), (["0930"], 5)])
    func `a sentence said several times, a second apart, is told each time and nothing is removed`(
        clips: [String], times: Int
    ) async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve")
            let customer = try await deployment.customer(at: node)
            let media = try TemporaryFolder()
            defer { media.remove() }
            let once = try await Recordings.speech(clips, into: media, named: "once.wav", ["-ar", "16000", "-ac", "1"])
            let inputs = (0..<times).flatMap { _ in ["-i", once] }
            let padded = (0..<times).map { "[\($0):a]apad=pad_dur=0.6[p\($0)];" }.joined()
            let joined = (0..<times).map { "[p\($0)]" }.joined() + "concat=n=\(times):v=0:a=1[a]"
            let file = try await Recordings.ffmpeg(
                inputs + ["-filter_complex", padded + joined, "-map", "[a]"], into: media, named: "again.flac")
            let job = try await customer.submit(file: file, fields: ["language": "en", "diarize": "false"])
            let heard = WordErrorRate.normalized(try await customer.words(of: job))
            let expected = try Recordings.reference(Array(repeating: clips, count: times).flatMap { $0 })
            // Few words, heard by a small model: two a sentence may be spelled otherwise, none may be missing.
            #expect(WordErrorRate.between(heard, and: expected) <= 0.25, "\(heard)")
            #expect(heard.count >= expected.count - times, "\(heard)")
            let transcript = try await customer.get("/jobs/\(job)/transcript").json
            #expect(transcript["removed"] == nil)
        }
    }
}
