import Egress
import Foundation

/// The memory that the upload of a file took, in bytes.
package struct UploadReport: Codable, Sendable {
    package let residentBefore: Int
    /// The most since the process began.
    package let residentPeak: Int

    /// Sends the whole file as the one part of a form.
    init(uploading path: String, to url: String) async throws {
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64 ?? 0
        let content = EgressPart.Content.file(path: path, offset: 0, length: size)
        let part = EgressPart(name: "file", filename: "large", content: content)
        let request = EgressRequest(
            method: "POST", url: url, body: .multipart([part]), limits: Probe.limits, trust: .operatorConfigured)
        let client = EgressClient(logger: Probe.quiet)
        residentBefore = try OwnProcess.memory("VmRSS")
        _ = try await client.send(request)
        residentPeak = try OwnProcess.memory("VmHWM")
        await client.close()
    }
}
