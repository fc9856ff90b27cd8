import Addresses
import Billing
import Egress
import Foundation
import Logging
import MediaSimulator
import Pipeline
import Synchronization
import TestSupport
import Testing

/// A fetcher and a simulated site, with folders for one test.
struct FetchScene: Sendable {
    let site: MediaSimulator
    let folder: TemporaryFolder
    let client: EgressClient
    let fetcher: SourceFetcher
    let pages: YtDlp
    let log: CapturedLog
    private let fences = Fences()

    /// Numbers of which no two claims have the same.
    private final class Fences: Sendable {
        private let last = Atomic<Int64>(1000)
        func next() -> Int64 { last.add(1, ordering: .relaxed).newValue }
    }

    static let installation = YtDlpInstallation(folder: Checkout.root + "/ingest")
    /// How many tests run at once: each run of yt-dlp is a process that takes a while to load.
    private static let places = Places(3)

    static let anything = [UInt8]("ID3".utf8) + (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &>> 3) }

    /// - Parameters:
    ///   - address: the site's address.
    ///   - allowed: addresses that may be reached although they are not public.
    ///   - extractors: the extractors that yt-dlp may use.
    ///   - resolver: resolves names.
    static func run(
        _ resources: [String: MediaResource] = [:], at address: String = "127.0.0.1", allowed: String = "127.0.0.1",
        resolver: NameResolver? = nil, extractors: YtDlp.Extractors? = nil, wallClock: Duration = .seconds(60),
        installation: YtDlpInstallation = FetchScene.installation,
        _ body: (FetchScene) async throws -> Void
    ) async throws {
        try await places.pass {
            let site = try MediaSimulator(resources, at: address)
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let log = CapturedLog()
            let logger = Logger(label: "test") { _ in log }
            let policy = try AddressPolicy(allowing: allowed)
            let client = EgressClient(
                configuration: EgressConfiguration(addressPolicy: policy, resolver: resolver), logger: logger)
            let plugins = YtDlp.Extractors(
                names: "default,-generic", plugins: Checkout.root + "/Tests/PipelineTests/Sources/Plugins")
            let pages = YtDlp(
                installation: installation, policy: policy, resolver: resolver ?? .system,
                extractors: extractors ?? plugins, wallClock: wallClock, logger: logger)
            let fetcher = SourceFetcher(
                client: client, policy: policy, pages: pages, scratch: folder.path,
                resolver: resolver ?? .system, logger: logger)
            do {
                try await body(
                    FetchScene(site: site, folder: folder, client: client, fetcher: fetcher, pages: pages, log: log))
            } catch {
                await client.close()
                throw error
            }
            await client.close()
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
                $0.hasPrefix("fetch-")
            }
            #expect(left.isEmpty)
        }
    }

    /// A yt-dlp of another installation.
    func pages(_ installation: YtDlpInstallation) -> YtDlp {
        YtDlp(installation: installation, policy: AddressPolicy(), logger: Logger(label: "test") { [log] _ in log })
    }

    /// Fetches as the holder of that fence, and returns the content.
    func fetch(
        _ path: String, fence: Int64? = nil, bytes: Int64 = 1_000_000, seconds: Int64 = 600,
        _ change: (inout FetchLimits) -> Void = { _ in }
    ) async throws -> [UInt8] {
        try await fetch(from: site.url + path, fence: fence, bytes: bytes, seconds: seconds, change)
    }

    private func fetch(
        from address: String, fence: Int64?, bytes: Int64, seconds: Int64, _ change: (inout FetchLimits) -> Void
    ) async throws -> [UInt8] {
        let source = try await source(from: address, fence: fence, bytes: bytes, seconds: seconds, change)
        return Array(try Data(contentsOf: URL(fileURLWithPath: source.path)))
    }

    /// The folder of partial downloads.
    var downloads: String { folder.path + "/download" }

    func source(
        from address: String, fence: Int64? = nil, bytes: Int64 = 1_000_000, seconds: Int64 = 600,
        _ change: (inout FetchLimits) -> Void = { _ in }
    ) async throws -> FetchedSource {
        var limits = FetchLimits(bytes: bytes, seconds: seconds)
        limits.minimumRate = EgressRate(bytesPerSecond: 1000, over: .seconds(1))
        limits.pause = .zero
        change(&limits)
        let url = try SourceURL(address, policy: AddressPolicy(allowing: "127.0.0.0/8"))
        return try await fetcher.fetch(url, limits, folder: downloads, fence: fence ?? fences.next())
    }

    /// Why a fetch fails, and whether it may succeed later; nil if it succeeds.
    func failure(
        _ path: String, fence: Int64? = nil, bytes: Int64 = 1_000_000, seconds: Int64 = 600,
        _ change: (inout FetchLimits) -> Void = { _ in }
    ) async throws -> Failure? {
        try await failure(of: site.url + path, fence: fence, bytes: bytes, seconds: seconds, change)
    }

    func failure(
        of address: String, fence: Int64? = nil, bytes: Int64 = 1_000_000, seconds: Int64 = 600,
        _ change: (inout FetchLimits) -> Void = { _ in }
    ) async throws -> Failure? {
        do {
            _ = try await fetch(from: address, fence: fence, bytes: bytes, seconds: seconds, change)
            return nil
        } catch let failure as JobFailure {
            return Failure(code: failure.code, reason: failure.reason, passes: false)
        } catch let passing as SourceUnavailable {
            return Failure(code: passing.failure.code, reason: passing.failure.reason, passes: true)
        }
    }

    struct Failure: Equatable, CustomStringConvertible {
        let code: JobFailure.Code
        var reason: String?
        var passes = false
        var description: String { "\(code.rawValue)/\(reason ?? "-")\(passes ? ", passing" : "")" }
    }
}
