import FoundationEssentials
import Tenancy

extension MediaTool {
    /// More than the JSON of a probe could ever be, in bytes.
    private static let reportLimit = 65_536
    /// Files that claim at most so many seconds are decoded whole.
    package static let wholeSeconds: Int64 = 600
    /// CPU seconds for decoding the ten minutes that are decoded whole, several times over.
    private static let probeCPUSeconds = 60

    /// Looks at a file: what it is, how long, and whether anything is to be heard.
    ///
    /// Waits for a free place first, in turns with other tenants. Files that claim at most `decodeUpTo` seconds are decoded whole.
    ///
    /// - Parameters:
    ///   - path: A regular file; its name does not matter.
    ///   - tenant: Whose file it is; nil for our own.
    ///   - spent: Told what processor time it took, whatever came of it.
    /// - Throws: `MediaError`; `CancellationError`.
    nonisolated(nonsending) package func probe(
        path: String, of tenant: TenantID? = nil, decodeUpTo seconds: Int = Int(wholeSeconds),
        spent: (Duration) -> Void = { _ in }
    ) async throws -> MediaProbe {
        try await probes.pass(of: tenant) {
            var report: [UInt8] = []
            _ = try await run(
                ["probe", "--decode-up-to", "\(seconds)", "--cpu-seconds", "\(Self.probeCPUSeconds)"], path: path,
                patience: patience.probe, spent: spent
            ) { bytes in
                guard report.count + bytes.count <= Self.reportLimit else {
                    throw MediaError.toolFailed("the probe wrote too much")
                }
                report += bytes
            }
            return try Self.decodeJSON(MediaProbe.self, from: report)
        }
    }

    static func decodeJSON<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw MediaError.toolFailed("its answer is not the JSON we expect")
        }
    }
}
