import API
import Foundation
import NIOCore
import Testing

extension ServerTests {
    @Suite struct UploadMemoryTests {
        @Test func `an upload of 100 MB does not stay in memory`() async throws {
            try await FrontScene.run { scene in
                let part = FormBody.part("file", "", filename: "big.wav").dropLast()
                let end = "\r\n--bnd--\r\n"
                let length = part.utf8.count + 100_000_000 + end.utf8.count
                try await RawClient.run(scene) { client in
                    try await client.send(
                        "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=bnd\r\n"
                            + "Content-Length: \(length)\r\n\r\n\(part)")
                    let piece = ByteBuffer(repeating: 0x0D, count: 1_000_000)
                    // Makes the peak start again from what is in use now.
                    try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
                    let before = try peakMemory()
                    for _ in 0..<100 { try await client.send(piece) }
                    try await client.send(end)
                    #expect(try await client.answer().body == "100000000")
                    // Small tests run beside this one, and the client is in this process too.
                    #expect(try peakMemory() - before < 40_000_000)
                }
            }
        }

        /// The most memory that this process has held at once, in bytes.
        private func peakMemory() throws -> Int {
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
            return try #require(Int(line.filter(\.isNumber))) * 1_024
        }
    }
}
