import Cryptography
import Foundation
import Pipeline
import TestSupport
import Testing

@Suite struct CanonicalTranscriptTests {
    @Test func `names are in order, numbers short, and of characters only those escaped that RFC 8785 names`() {
        var segment = Samples.segment("a", at: 1_000, pace: 250, speaker: "speaker_0")
        segment.text = "\u{8}\t\n\u{C}\r\u{1F}\u{7F}\"\\/é\u{2028}😀"
        var transcript = Samples.transcript([segment], speakers: ["speaker_0"], duration: 10_500)
        transcript.model = "ba\"se"
        #expect(
            String(decoding: CanonicalTranscript(transcript).bytes, as: UTF8.self) == #"""
                {"diarization":"segmentation-3.0+campplus","duration_seconds":10.5,"engine":"whisper_base",\#
                "job_id":"job_01J0000000000000000000000","language":"en","model":"ba\"se","segments":[{"end":1.25,\#
                "speaker":"speaker_0","start":1,"text":"\b\t\n\f\r\u001f\#u{7F}\"\\/é\#u{2028}😀",\#
                "words":[{"end":1.25,"speaker":"speaker_0","start":1,"text":"a"}]}]}
                """#)
    }

    @Test func `whoever has the JSON makes the same bytes, whatever the words`() throws {
        for transcript in Samples.everything(random: 200) {
            let json = transcript.rendered(as: .json)
            let canonical = try CanonicalTranscript(download: json)
            try #require(SHA256.hash(canonical.bytes) == CanonicalTranscript.digest(of: transcript))
        }
    }

    @Test func `each word, time, speaker and name of a model makes other bytes`() {
        let digest = CanonicalTranscript.digest(of: Samples.interview)
        func change(_ body: (inout Transcript) -> Void) -> [UInt8] {
            var changed = Samples.interview
            body(&changed)
            return CanonicalTranscript.digest(of: changed)
        }
        let others = [
            change { $0.segments[1].words[2].text = "brought?" }, change { $0.segments[1].text += " " },
            change { $0.segments[1].words[2].start += 1 }, change { $0.segments[1].words[2].end -= 1 },
            change { $0.segments[1].start -= 1 }, change { $0.segments[4].end += 1 },
            change { $0.segments[1].speaker = "speaker_0" }, change { $0.segments[1].words[0].speaker = "speaker_0" },
            change { $0.model = "large-v2" }, change { $0.engine = "whisper_base" }, change { $0.language = "de" },
            change { $0.durationMilliseconds += 1 }, change { $0.jobID = "job_01J0000000000000000000001" },
            change { $0.segments.removeLast() }, change { $0.diarization = "none" },
        ]
        #expect(!others.contains(digest) && Set(others).count == others.count)
        #expect(change { $0.segments[1].words[0].confidence = 0.1 } == digest)
    }

    @Test(
        arguments: [
            "", "{}", "[]", #"{"job_id":7}"#,
            #"{"job_id":"j","language":"en","engine":"e","model":"m","diarization":"none","duration_seconds":1e300,"segments":[]}"#,
            #"{"job_id":"j","language":"en","engine":"e","model":"m","diarization":"none","duration_seconds":-1,"segments":[]}"#,
            #"{"job_id":"j","language":"en","engine":"e","model":"m","diarization":"none","duration_seconds":0.0005,"segments":[]}"#,
        ])
    func `what is no transcript is refused`(json: String) {
        #expect(throws: CanonicalTranscript.Unreadable.self) { try CanonicalTranscript(download: Array(json.utf8)) }
    }
}
