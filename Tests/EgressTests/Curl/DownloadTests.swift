import Egress
import Foundation
import TestSupport
import Testing

@Suite struct DownloadTests {
    private static func download(
        _ request: EgressRequest, from start: [UInt8] = []
    ) async throws -> (EgressResponse, [UInt8]) {
        try await TemporaryFolder.with { folder in
            try Data(start).write(to: URL(fileURLWithPath: folder + "/f"))
            let descriptor = open(folder + "/f", O_WRONLY | O_APPEND)
            defer { close(descriptor) }
            let response = try await withClient { try await $0.download(request, to: descriptor) }
            return (response, Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/f"))))
        }
    }

    @Test func `a success is written after what the file already has`() async throws {
        var generator = SeededGenerator(seed: 4)
        let bytes = generator.bytes(700_000)
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 206 OK\r\nContent-Length: \(bytes.count)\r\n\r\n")
            try connection.send(bytes)
        }
        let (response, file) = try await Self.download(.get(server.url), from: [9, 9])
        #expect(response.status == 206)
        #expect(response.body.isEmpty)
        let isExact = file == [9, 9] + bytes
        #expect(isExact)
    }

    @Test func `a failure's page never reaches the file, and only its beginning is kept`() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.respond(404, body: String(repeating: "x", count: 300_000))
        }
        let (response, file) = try await Self.download(.get(server.url))
        #expect(response.status == 404)
        #expect(response.body.count == 64 << 10)
        #expect(file.isEmpty)
    }

    @Test func `a descriptor that cannot be written to ends the download`() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.respond(body: "x")
        }
        try await withClient { client async throws in
            await #expect(throws: EgressError.sinkFailed(EBADF)) {
                try await client.download(.get(server.url), to: -1)
            }
            let full = open("/dev/full", O_WRONLY)
            defer { close(full) }
            await #expect(throws: EgressError.sinkFailed(ENOSPC)) {
                try await client.download(.get(server.url), to: full)
            }
        }
    }
}
