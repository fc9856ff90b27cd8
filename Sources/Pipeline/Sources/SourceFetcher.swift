import Concurrency
import Egress
import Foundation
import Logging
import Tenancy

/// Fetches the recording at a customer's URL: a media file, a feed's newest episode, or what yt-dlp finds in a web page.
package struct SourceFetcher: Sendable {
    let client: EgressClient
    /// Checks URLs before they are requested.
    let policy: AddressPolicy
    /// Nil if yt-dlp is not installed.
    let pages: YtDlp?
    let scratch: String
    /// Distinguishes a name that does not exist from one that could not be resolved.
    let resolver: NameResolver
    let logger: Logger
    /// Limits the runs of yt-dlp. Each is a process of a hundred megabytes.
    private let pageSemaphore: AsyncSemaphore

    /// - Parameter pagesAtOnce: how many runs of yt-dlp are possible at a time. Further ones wait in line.
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

    /// Fetches the recording.
    ///
    /// - Parameters:
    ///   - folder: the folder in which a partial download is kept for the next attempt.
    ///   - fence: the fence of the task's claim.
    ///   - tenant: the job's tenant. Tenants take turns at yt-dlp.
    ///   - progress: gets the progress of the fetch.
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

    /// On a thread of its own, because gigabytes of an earlier claim may have to be copied.
    private static func partialFile(_ folder: String, _ fence: Int64) async throws -> PartialFile {
        try await BlockingCalls("partial-file").run {
            try Result { try PartialFile(folder: folder, fence: fence) }.mapError(StorageError.init(fault:)).get()
        }
    }

    /// Deletes the folders of other workers that shared this scratch folder and have died since this one started.
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
            // Atom allows relative URLs, and podcasts' file names sometimes contain spaces.
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

    /// Tries yt-dlp with the submitted URL, and then with the one to which it redirects. yt-dlp knows sites by the URLs that people share, and some
    /// sites redirect us to another page first. But a short link is only known by its target.
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

/// A fetched recording on this machine.
package struct FetchedSource: Sendable {
    package let path: String
    /// The file name in its URL.
    package let name: String?
    /// The folder that contains the file and is deleted with this value; nil if there is none.
    var folder: FetchFolder?
    /// The partial file, if it is kept between attempts.
    var part: PartialFile?

    /// Keeps the file for the next attempt, whatever this attempt does with it.
    package func hold() { part?.hold() }
}
