import Egress
import Foundation
import Pipeline
import Tenancy
import TestSupport
import Testing

/// Formats and options of a transcript, as customers ask for them.
@Suite struct TranscriptOptionTests {
    /// Of a test key, so nothing is recognized.
    private static func withTranscript(_ body: (_ get: (String) async throws -> Answer) async throws -> Void)
        async throws
    {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let key = try await deployment.tenants.issueKey(for: deployment.tenants.example, mode: .test)
            let customer = try await Customer.logIn(apiKey: key.text, at: node, over: deployment.http)
            let answer = try await customer.send(
                "POST", "/jobs", json: #"{"source_url":"https://media.example/a.mp3"}"#)
            let job = try #require(try answer.json["job_id"] as? String)
            _ = try await customer.get("/jobs/\(job)?wait=60")
            try await body { try await customer.get("/jobs/\(job)/transcript?\($0)") }
        }
    }

    @Test func `options shape subtitles, and each answer has a tag of its own`() async throws {
        try await Self.withTranscript { get in
            let usual = try await get("format=srt")
            #expect(usual.text.contains("Good morning, this is the test line.\n"))
            let short = try await get("format=srt&max_columns=16&max_lines=3")
            #expect(short.text.contains("Good morning,\nthis is the\ntest line.\n"))
            let single = try await get("format=srt&max_columns=16&max_lines=1")
            #expect(single.text.contains("Good morning,\n\n2\n"))
            let brief = try await get("format=srt&max_cue_seconds=1")
            #expect(
                brief.text.components(separatedBy: " --> ").count > usual.text.components(separatedBy: " --> ").count)
            let timed = try await get("format=vtt&words=true")
            #expect(timed.text.contains("<v speaker_0>Good <00:00:00.800>morning,"))
            #expect(try await get("format=ass&words=true").text.contains("{\\k40}Good {\\k40}morning,"))
            #expect(try await get("format=lrc&words=true").text.contains("<00:00.40>Good <00:00.80>morning,"))
            let plain = try await get("format=vtt&words=false")
            #expect(try await plain.headers["ETag"] == get("format=vtt").headers["ETag"])
            let tags = [usual, short, single, brief, timed, plain].map { $0.headers["ETag"] }
            #expect(Set(tags).count == tags.count && !tags.contains(nil))
        }
    }

    @Test func `options that mean nothing in a format change nothing there`() async throws {
        try await Self.withTranscript { get in
            for format in ["json", "txt", "docx", "md", "csv"] {
                let usual = try await get("format=\(format)")
                let asked = try await get("format=\(format)&max_columns=20&max_lines=1&max_cue_seconds=3&words=true")
                #expect(asked.status == 200 && asked.body == usual.body, "\(format)")
            }
        }
    }

    @Test func `a wrong option is told with its name, whatever the format`() async throws {
        try await Self.withTranscript { get in
            for format in TranscriptFormat.allCases.map(\.rawValue) {
                for (option, field) in [
                    ("max_columns=15", "max_columns"), ("max_columns=81", "max_columns"),
                    ("max_columns=", "max_columns"),
                    ("max_columns=4O", "max_columns"), ("max_columns=%F0%9F%98%80", "max_columns"),
                    ("max_columns=99999999999999999999", "max_columns"), ("max_lines=0", "max_lines"),
                    ("max_lines=5", "max_lines"), ("max_lines=-1", "max_lines"), ("max_lines=2.5", "max_lines"),
                    ("max_cue_seconds=0", "max_cue_seconds"), ("max_cue_seconds=31", "max_cue_seconds"),
                    ("words=yes", "words"), ("words=", "words"), ("words=TRUE", "words"), ("speakers=both", "speakers"),
                    ("revision=2", "revision"),
                ] {
                    let problem = try await get("format=\(format)&\(option)").problem(400)
                    #expect(problem["error"] as? String == "invalid_request", "\(format) \(option)")
                    #expect(problem["field"] as? String == field, "\(format) \(option)")
                }
            }
            let unknown = try await get("format=stl").problem(400)
            #expect(unknown["error"] as? String == "unknown_format" && unknown["field"] as? String == "format")
        }
    }

    @Test func `the JSON has the paragraphs that the plain text has`() async throws {
        try await Self.withTranscript { get in
            let paragraphs = try #require(try await get("format=json").json["paragraphs"] as? [[String: Any]])
            let text = paragraphs.map { "\($0["speaker"] ?? ""): \($0["text"] ?? "")\n" }.joined(separator: "\n")
            #expect(try await get("format=txt").text == text)
            #expect(paragraphs.map { $0["first_segment"] as? Int } == [0, 1, 2, 3])
            let bare = try #require(try await get("format=json&speakers=none").json["paragraphs"] as? [[String: Any]])
            #expect(bare.allSatisfy { $0["speaker"] is NSNull })
        }
    }
}
