import API
import Foundation
import Logging
import Testing

@Suite struct JSONLogHandlerTests {
    /// What the handler writes to a pipe while `body` runs, line by line.
    private func lines(_ body: (Logger) -> Void) throws -> [Substring] {
        let file = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID().uuidString)")
        try Data().write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let handle = try FileHandle(forWritingTo: file)
        body(Logger(label: "test") { JSONLogHandler(label: $0, descriptor: handle.fileDescriptor) })
        try handle.close()
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    }

    @Test func `each event is one JSON object on one line, whatever it says`() throws {
        let hostile = "a\nb\r\u{2028}\u{0}\u{1B}[31m\"\\ ü 🎙"
        let lines = try lines { logger in
            logger.warning(
                "\(hostile)",
                metadata: [
                    hostile: ["x": [.string(hostile)]], "n": .stringConvertible(7), "request_id": "r1",
                ])
            logger.debug("not at this level")
        }
        #expect(lines.count == 1)
        let line = try #require(lines.first)
        #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x2028 })
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["message"] as? String == hostile)
        #expect(object["level"] as? String == "warning")
        #expect(object["label"] as? String == "test")
        let timestamp = try #require(object["timestamp"] as? String)
        #expect(timestamp.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
        let metadata = try #require(object["metadata"] as? [String: Any])
        #expect(metadata["n"] as? Int == 7)
        #expect(metadata["request_id"] as? String == "r1")
        #expect((metadata[hostile] as? [String: [String]])?["x"] == [hostile])
    }

    @Test func `lines of many threads do not mix`() throws {
        let long = String(repeating: "x", count: 20_000)
        let lines = try lines { logger in
            DispatchQueue.concurrentPerform(iterations: 64) { logger.info("\($0) \(long)") }
        }
        #expect(lines.count == 64)
        #expect(lines.allSatisfy { (try? JSONSerialization.jsonObject(with: Data($0.utf8))) != nil })
    }
}
