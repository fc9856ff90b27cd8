import Egress
import Foundation
import TestSupport
import Testing

/// What an upload costs the node that takes it.
@Suite struct LargeUploadTests {
    @Test func `an upload of a gigabyte leaves the API's memory under 80 MB`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let customer = try await deployment.customer(at: node)
            let media = try TemporaryFolder()
            defer { media.remove() }
            let path = media.path + "/large.wav"
            let speech = try await Recordings.speech(into: media, named: "head.wav")
            var head = try Data(contentsOf: URL(fileURLWithPath: speech))
            // The size fields claim "until the end", as a recorder writes them that never came back to fill them in.
            head.replaceSubrange(4..<8, with: [0xff, 0xff, 0xff, 0xff])
            if let data = head.range(of: Data("data".utf8)) {
                head.replaceSubrange(data.upperBound..<(data.upperBound + 4), with: [0xff, 0xff, 0xff, 0xff])
            }
            try head.write(to: URL(fileURLWithPath: path))
            #expect(truncate(path, 1_000_000_000) == 0)
            let answer = try await Command.run(
                "curl",
                [
                    "-s", "-o", "/dev/null", "-H", "Authorization: Bearer \(customer.token)", "-F", "file=@\(path)",
                    "-w",
                    "%{http_code} %{size_upload}", customer.node.url + "/jobs",
                ])
            #expect(answer.output.hasPrefix("202 1000000"))
            #expect(try node.process.peakMemory() < 80_000_000)
        }
    }
}
