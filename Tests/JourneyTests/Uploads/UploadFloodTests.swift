import Egress
import Foundation
import Tenancy
import TestSupport
import Testing

/// What one account may do to a node with its uploads, and what another one notices of it.
@Suite struct UploadFloodTests {
    @Test func `an account sends twice as many files at once as it runs jobs, and another's upload passes`()
        async throws
    {
        try await Deployment.with(plan: .free, ownModels: true) { deployment in
            let node = try await deployment.start("api")
            let alice = try await deployment.customer(at: node)
            let elsewhere = Customer(
                node: try await deployment.start("api"), http: alice.http, token: alice.token)
            let charlie = try await deployment.customer(of: deployment.tenants.other, at: node)
            var slow: [SlowUpload] = []
            for number in 0..<4 { slow.append(try await SlowUpload(of: number < 2 ? elsewhere : alice)) }
            // No `100 Continue` comes before the answer: nothing of the body is asked for.
            let fifth = try RawSocket(to: node.url)
            try await alice.beginUpload(fifth, declaring: 1_000, expect: true)
            let answer = try await fifth.answer()
            #expect(answer.status == 429)
            #expect(answer.text.contains("\"error\":\"rate_limited\""))
            #expect(answer.text.lowercased().contains("retry-after: 5\r\n"))
            #expect(answer.text.contains("sends 4 files at once already"))
            _ = try await charlie.submit(file: Recordings.clip("0880"))
            // A JSON job is no upload.
            #expect(
                try await alice.send("POST", "/jobs", json: #"{"source_url":"https://example.com/a.mp3"}"#).status
                    == 202)
            slow.removeLast()
            try await eventually("one that went away gives its place back") {
                try await alice.post(file: Recordings.clip("0880")).status == 202
            }
            withExtendedLifetime(slow) {}
        }
    }

    @Test func `an account whose refused files cost too much is told to wait before it sends more, and no other is`()
        async throws
    {
        try await Deployment.with(plan: .free, ownModels: true) { deployment in
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            // Silence that is within what a probe decodes, in the codec that takes longest: decoded whole, and then refused.
            // Encoded once and repeated: to encode all of it takes longer than the test.
            let part = try await Recordings.ffmpeg(
                ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=5.1", "-t", "13", "-c:a", "libopus", "-b:a", "64k"],
                into: folder, named: "part.opus")
            let silence = try await Recordings.ffmpeg(
                ["-stream_loop", "29", "-i", part, "-c", "copy"], into: folder, named: "silence.opus")
            let node = try await deployment.start("api")
            let alice = try await deployment.customer(at: node)
            let charlie = try await deployment.customer(of: deployment.tenants.other, at: node)
            var refused: Answer?
            for _ in 0..<400 where refused == nil {
                let answer = try await alice.post(file: silence)
                if answer.status == 415 { continue }
                refused = answer
            }
            let problem = try #require(refused).problem(429)
            #expect(problem["error"] as? String == "rate_limited")
            #expect((refused?.headers["Retry-After"]).flatMap { Int($0) } ?? 0 >= 1)
            // Before its body is read, and also a file that is in order.
            let socket = try RawSocket(to: node.url)
            try await alice.beginUpload(socket, declaring: 1_000, expect: true)
            #expect(try await socket.answer().status == 429)
            _ = try await charlie.submit(file: Recordings.clip("0880"))
        }
    }
}
