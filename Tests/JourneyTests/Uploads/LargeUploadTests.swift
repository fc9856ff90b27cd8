import Egress
import Foundation
import Tenancy
import TestSupport
import Testing

/// What uploads cost the node that takes them.
@Suite struct LargeUploadTests {
    @Test func `an upload of a gigabyte leaves the API's memory under 80 MB`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let customer = try await deployment.customer(at: node)
            let media = try TemporaryFolder()
            defer { media.remove() }
            let path = try await recording(of: 1_000_000_000, in: media)
            let answer = try await Command.run("curl", upload(path, customer) + ["-w", "%{http_code} %{size_upload}"])
            #expect(answer.output.hasPrefix("202 1000000"))
            #expect(try node.process.peakMemory() < 80_000_000)
        }
    }

    @Test func `200 uploads of 10 MB at once leave the API's memory under 150 MB`() async throws {
        try await Deployment.with(plan: .business) { deployment in
            let node = try await deployment.start("api")
            var customers: [Customer] = []
            // An account may have 100 uploads at once, and half of the line for checks.
            for number in 0..<4 {
                let made = try await deployment.admin(
                    "tenant", "create", "--name", "T\(number)", "--plan", "business", "--json")
                let tenant = try JSONDecoder().decode(Made.self, from: Data(made.output.utf8)).tenant_id
                customers.append(try await deployment.customer(of: TenantID(unchecked: tenant), at: node))
            }
            let media = try TemporaryFolder()
            defer { media.remove() }
            let path = try await recording(of: 10_000_000, in: media)
            // One program makes all of them, so that none has ended before the last one begins.
            let calls = (0..<200).map { upload(path, customers[$0 % 4]) + ["-w", "%{http_code} "] }
            let answers = try await Command.run(
                "curl", ["-Z", "--parallel-immediate", "--parallel-max", "200"] + calls.joined(separator: ["--next"]))
            #expect(answers.output.split(separator: " ").count { $0 == "202" } == 200, "\(answers.output)")
            #expect(try node.process.peakMemory() < 150_000_000)
        }
    }

    private struct Made: Decodable { let tenant_id: String }

    /// Makes a recording of so many bytes, silent but for its beginning.
    private func recording(of bytes: Int, in media: TemporaryFolder) async throws -> String {
        let path = media.path + "/large.wav"
        let speech = try await Recordings.speech(into: media, named: "head.wav")
        var head = try Data(contentsOf: URL(fileURLWithPath: speech))
        // The size fields claim "until the end", as a recorder writes them that never came back to fill them in.
        head.replaceSubrange(4..<8, with: [0xff, 0xff, 0xff, 0xff])
        if let data = head.range(of: Data("data".utf8)) {
            head.replaceSubrange(data.upperBound..<(data.upperBound + 4), with: [0xff, 0xff, 0xff, 0xff])
        }
        try head.write(to: URL(fileURLWithPath: path))
        #expect(truncate(path, bytes) == 0)
        return path
    }

    private func upload(_ path: String, _ customer: Customer) -> [String] {
        [
            "-s", "-o", "/dev/null", "-H", "Authorization: Bearer \(customer.token)", "-F", "file=@\(path)",
            customer.node.url + "/jobs",
        ]
    }
}
