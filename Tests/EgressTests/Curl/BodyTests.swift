import Dispatch
import Egress
import EgressProbe
import Foundation
import TestSupport
import Testing

@Suite struct BodyTests {
    @Test func `a multipart body has its parts byte for byte, files' slices among them`() async throws {
        try await TemporaryFolder.with { folder in
            var generator = SeededGenerator(seed: 1)
            let bytes = generator.bytes(300_000)
            try Data(bytes).write(to: URL(fileURLWithPath: folder + "/audio"))
            let mail = Mail<ServerConnection.Request>()
            let server = try ScriptedServer { connection in
                mail.send(try connection.readRequest())
                try connection.respond()
            }
            let parts = [
                EgressPart(name: "model", value: "base"),
                EgressPart(name: "empty", value: ""),
                EgressPart(
                    name: "file", filename: "ev\"il\\.wav", contentType: "audio/wav",
                    content: .file(path: folder + "/audio", offset: 1000, length: 200_000)),
                EgressPart(name: "tail", filename: "t", content: .bytes([0, 13, 10, 255])),
            ]
            try await withClient { _ = try await $0.send(.post(server.url, .multipart(parts))) }
            let seen = try await mail.next()
            let type = try #require(seen.headers["content-type"])
            #expect(type.hasPrefix("multipart/form-data; boundary="))
            let boundary = try #require(type.split(separator: "boundary=").last)
            var expected: [UInt8] = []
            func part(_ lines: [String], _ content: [UInt8]) {
                expected += Array(("--\(boundary)\r\n" + lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
                expected += content + [13, 10]
            }
            part(["Content-Disposition: form-data; name=\"model\""], Array("base".utf8))
            part(["Content-Disposition: form-data; name=\"empty\""], [])
            let named = "Content-Disposition: form-data; name=\"file\"; filename=\"ev%22il\\.wav\""
            part([named, "Content-Type: audio/wav"], Array(bytes[1000..<201_000]))
            let tail = "Content-Disposition: form-data; name=\"tail\"; filename=\"t\""
            part([tail], [0, 13, 10, 255])
            expected += Array("--\(boundary)--\r\n".utf8)
            // Not in the expectation itself, which would print both on failure.
            let differsAt = zip(seen.body, expected).enumerated().first { $1.0 != $1.1 }?.offset
            #expect(differsAt == nil)
            #expect(seen.length == expected.count)
        }
    }

    @Test(arguments: [(0, 0), (0, 1), (7, 70_000), (99_999, 1), (0, 100_000), (100_000, 0)])
    func `a slice of a file is sent exactly`(offset: Int, length: Int) async throws {
        try await TemporaryFolder.with { folder in
            var generator = SeededGenerator(seed: 2)
            let bytes = generator.bytes(100_000)
            try Data(bytes).write(to: URL(fileURLWithPath: folder + "/f"))
            let mail = Mail<[UInt8]>()
            let server = try ScriptedServer { connection in
                mail.send(try connection.readRequest().body)
                try connection.respond()
            }
            let body = EgressBody.file(path: folder + "/f", offset: Int64(offset), length: Int64(length))
            try await withClient { _ = try await $0.send(.post(server.url, body, method: "PUT")) }
            let isExact = try await mail.next() == Array(bytes[offset..<offset + length])
            #expect(isExact)
        }
    }

    @Test func `a body is sent again from its start where a redirect asks for it`() async throws {
        try await TemporaryFolder.with { folder in
            var generator = SeededGenerator(seed: 3)
            let bytes = generator.bytes(500_000)
            try Data(bytes).write(to: URL(fileURLWithPath: folder + "/f"))
            let mail = Mail<[UInt8]>()
            let server = try ScriptedServer { connection in
                while true {
                    let request = try connection.readRequest()
                    mail.send(request.body)
                    if request.target == "/first" {
                        try connection.respond(307, headers: ["Location: /second"])
                    } else {
                        try connection.respond(body: request.method)
                    }
                }
            }
            let file = EgressPart.Content.file(path: folder + "/f", offset: 0, length: 500_000)
            for body in [
                EgressBody.file(path: folder + "/f", offset: 0, length: 500_000), .bytes(bytes),
                .multipart([EgressPart(name: "f", content: file)]),
            ] {
                var request = EgressRequest.post(server.url + "/first", body)
                request.redirects = 1
                let response = try await withClient { [request] in try await $0.send(request) }
                #expect(String(decoding: response.body, as: UTF8.self) == "POST")
                let first = try await mail.next()
                #expect(first.count >= bytes.count)
                #expect(try await mail.next().count == first.count)
            }
        }
    }

    @Test func `an upload of 200 MB is streamed with flat memory`() async throws {
        // In a process of its own, where no other test takes memory meanwhile.
        try await TemporaryFolder.with { folder in
            let size = 200 << 20
            let path = folder + "/large"
            try Data().write(to: URL(fileURLWithPath: path))
            try #require(truncate(path, size) == 0)
            let mail = Mail<Int>()
            let server = try ScriptedServer { connection in
                let request = try connection.readHead()
                var received = 0
                while received < request.length {
                    received += try connection.readSome(atMost: request.length - received).count
                }
                mail.send(received)
                try connection.respond()
            }
            let output = try await probe("upload", server.url, path)
            let report = try JSONDecoder().decode(UploadReport.self, from: Data(output.utf8))
            #expect(try await mail.next() > size)
            #expect(report.residentBefore > 0)
            #expect(report.residentPeak - report.residentBefore < 8 << 20)
            #expect(server.accepts == 1)
        }
    }

    @Test func `a file that is missing, too short, or no file sends nothing`() async throws {
        try await TemporaryFolder.with { folder in
            try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder + "/short"))
            try #require(mkfifo(folder + "/pipe", 0o600) == 0)
            let server = try ScriptedServer { _ in }
            try await withClient { client async throws in
                for (name, offset, length, error) in [
                    ("/absent", Int64(0), Int64(1), EgressError.bodyUnreadable(ENOENT)),
                    ("/short", 0, 4, .bodyUnreadable(0)),
                    ("/short", 3, 1, .bodyUnreadable(0)),
                    ("/short", 1, .max, .bodyUnreadable(0)),
                    ("/pipe", 0, 0, .bodyUnreadable(0)),
                    ("", 0, 0, .bodyUnreadable(0)),
                    ("/short", -1, 1, .badRequest("a file's path, offset or length is impossible")),
                ] {
                    let body = EgressBody.file(path: folder + name, offset: offset, length: length)
                    await #expect(throws: error) { try await client.send(.post(server.url, body)) }
                }
            }
            #expect(server.accepts == 0)
        }
    }

    @Test func `a file that shrinks while it is sent ends the transfer`() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder + "/f"
            try Data().write(to: URL(fileURLWithPath: path))
            try #require(truncate(path, 64 << 20) == 0)
            let server = try ScriptedServer { connection in
                _ = try connection.readHead()
                truncate(path, 0)
                connection.waitForEnd()
            }
            let body = EgressBody.file(path: path, offset: 0, length: 64 << 20)
            try await withClient { client async throws in
                await #expect(throws: EgressError.bodyUnreadable(0)) { try await client.send(.post(server.url, body)) }
            }
        }
    }
}
