import Concurrency
import Egress
import Foundation
import Logging
import Tenancy

/// Fetches what a customer's URL leads to: a media file by itself, a feed's newest episode, or what yt-dlp finds behind a page.
package struct SourceFetcher: Sendable {
    let client: EgressClient
    /// By which addresses are judged before they are looked for.
    let policy: AddressPolicy
    /// Nil where yt-dlp is not installed.
    let pages: YtDlp?
    let scratch: String
    /// Tells a name that does not exist from one that could not be looked up.
    let resolver: NameResolver
    let logger: Logger
    /// Each page is a process of a hundred megabytes.
    private let pageSemaphore: AsyncSemaphore

    /// - Parameter pagesAtOnce: as many runs of yt-dlp at a time; further ones wait in line.
    package init(
        client: EgressClient, policy: AddressPolicy, pages: YtDlp?, scratch: String, resolver: NameResolver = .system,
        pagesAtOnce: Int = 8, logger: Logger
    ) {
        self.client = client
        self.policy = policy
        self.pages = pages
        self.scratch = scratch
        self.resolver = resolver
        pageSemaphore = AsyncSemaphore(width: pagesAtOnce, maxWaiting: 1024)
        self.logger = logger
        FetchFolder.removeAbandoned(below: scratch)
    }

    /// - Parameters:
    ///   - folder: where a download's part is kept for the next try.
    ///   - fence: of the claim that this is done for.
    ///   - tenant: whose job it is: tenants take turns at pages.
    ///   - progress: learns how far it is.
    /// - Throws: ``JobFailure``; ``SourceUnavailable``; ``StorageError``; `CancellationError`.
    package func fetch(
        _ url: SourceURL, _ limits: FetchLimits, folder: String, fence: Int64, tenant: TenantID? = nil,
        progress: FetchProgress = FetchProgress()
    ) async throws -> FetchedSource {
        let file = try await Self.partialFile(folder, fence)
        progress.enter(.plain, bytes: { file.bytes }, canGoOn: { file.canGoOn })
        let download = HTTPDownload(client: client, limits: limits, resolver: resolver)
        switch try await download.run(url.text, into: file) {
        case .media: return FetchedSource(path: file.path, name: url.lastPathComponent, part: file)
        case .feed(let bytes, let address): return try await episode(of: bytes, at: address, download, file)
        case .page(let failure, let target):
            return try await page(url, redirectedTo: target, limits, tenant, otherwise: failure, progress)
        }
    }

    /// What an earlier claim left may be gigabytes, which are copied.
    private static func partialFile(_ folder: String, _ fence: Int64) async throws -> PartialFile {
        try await BlockingCalls("partial-file").run {
            try Result { try PartialFile(folder: folder, fence: fence) }.mapError(StorageError.init(fault:)).get()
        }
    }

    /// What other workers left that shared the scratch folder with this one, and were killed since it started.
    private func removeAbandoned() async {
        await BlockingCalls("fetch-sweep").run { [scratch] in FetchFolder.removeAbandoned(below: scratch) }
    }

    private func episode(
        of feed: [UInt8], at address: String, _ download: HTTPDownload, _ file: PartialFile
    ) async throws -> FetchedSource {
        guard let enclosure = await BlockingCalls("feed").run({ Feed.newestEnclosure(in: feed) }) else {
            throw JobFailure.sourceUnsupported(.noMedia)
        }
        let episode: SourceURL
        do {
            // Atom allows for relative ones; podcasts' names of files have blanks in them now and then.
            let reference = enclosure.trimmingCharacters(in: .whitespacesAndNewlines)
                .replacingOccurrences(of: " ", with: "%20")
            episode = try SourceURL(try EgressURL.resolve(reference, at: address), policy: policy)
        } catch let error as SourceURLError where error == .privateAddress || error == .unsupportedScheme {
            throw JobFailure.sourceURLRefused
        } catch {
            throw JobFailure.sourceUnsupported(.noMedia)
        }
        logger.info("newest episode of a feed", metadata: ["host": "\(episode.host)"])
        guard case .media = try await download.run(episode.text, into: file) else {
            throw JobFailure.sourceUnsupported(.noMedia)
        }
        return FetchedSource(path: file.path, name: episode.lastPathComponent, part: file)
    }

    /// Sites are known by the addresses that people share, and some ask us elsewhere first; who is not known by that may be by where a
    /// short one led.
    private func page(
        _ url: SourceURL, redirectedTo target: String?, _ limits: FetchLimits, _ tenant: TenantID?,
        otherwise failure: (any Error)?, _ progress: FetchProgress
    ) async throws -> FetchedSource {
        let addresses = [url] + (target.flatMap { try? SourceURL($0, policy: policy) }.map { [$0] } ?? [])
        for address in addresses {
            guard let pages else { break }
            await removeAbandoned()
            let folder = try FetchFolder(below: scratch)
            do {
                progress.enter(.waitingForPage, bytes: { 0 }, canGoOn: { true })
                let path = try await pageSemaphore.pass(of: tenant) {
                    progress.enter(.page, bytes: { FetchFolder.size(of: folder.path) }, canGoOn: { false })
                    return try await pages.fetch(address, limits, into: folder.path)
                }
                return FetchedSource(path: path, name: nil, folder: folder)
            } catch let refusal as JobFailure where refusal == .sourceUnsupported(.noMedia) {
                continue
            }
        }
        throw failure ?? JobFailure.sourceUnsupported(.noMedia)
    }
}

/// A source on this machine.
package struct FetchedSource: Sendable {
    package let path: String
    /// What its address calls it.
    package let name: String?
    /// What it lies in, where that is to go with it.
    var folder: FetchFolder?
    /// What it is, where that is kept between tries.
    var part: PartialFile?

    /// Has the next try find it again, whatever becomes of the file in this one.
    package func hold() { part?.hold() }
}
