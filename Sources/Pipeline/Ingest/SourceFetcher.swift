import Dispatch
import Egress
import Foundation
import Logging

/// Fetches what a customer's URL leads to: a media file by itself, a feed's newest episode, or what yt-dlp finds behind a page.
package struct SourceFetcher: Sendable {
    let client: EgressClient
    /// By which addresses are judged before they are looked for.
    let policy: AddressPolicy
    /// Nil where yt-dlp is not installed.
    let pages: YtDlp?
    let scratch: String
    let logger: Logger

    package init(client: EgressClient, policy: AddressPolicy, pages: YtDlp?, scratch: String, logger: Logger) {
        self.client = client
        self.policy = policy
        self.pages = pages
        self.scratch = scratch
        self.logger = logger
        FetchFolder.removeAbandoned(below: scratch)
    }

    /// - Parameters:
    ///   - folder: where a download's part is kept for the next try.
    ///   - fence: of the claim that this is done for.
    /// - Throws: ``JobFailure``; ``SourceUnavailable``; ``StorageError``; `CancellationError`.
    package func fetch(_ url: SourceURL, _ limits: FetchLimits, folder: String, fence: Int64) async throws
        -> FetchedSource
    {
        let file = try await Self.partialFile(folder, fence)
        let download = PlainDownload(client: client, limits: limits)
        switch try await download.run(url.text, into: file) {
        case .media: return FetchedSource(path: file.path, name: url.lastPathComponent, folder: nil)
        case .feed(let bytes): return try await episode(of: bytes, url, download, file)
        case .page(let failure): return try await page(url, limits, otherwise: failure)
        }
    }

    /// What an earlier claim left may be gigabytes, which are copied: not on the threads that all tasks share.
    private static func partialFile(_ folder: String, _ fence: Int64) async throws -> PartialFile {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "partial-file").async {
                continuation.resume(
                    with: Result { try PartialFile(folder: folder, fence: fence) }.mapError(StorageError.init(fault:)))
            }
        }
    }

    /// What other workers left that shared the scratch folder with this one, and were killed since it started.
    private func removeAbandoned() async {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "abandoned-folders").async {
                FetchFolder.removeAbandoned(below: scratch)
                continuation.resume()
            }
        }
    }

    private func episode(
        of feed: [UInt8], _ url: SourceURL, _ download: PlainDownload, _ file: PartialFile
    ) async throws -> FetchedSource {
        guard let enclosure = Feed.newestEnclosure(in: feed) else { throw JobFailure.sourceUnsupported(.noMedia) }
        let episode: SourceURL
        do {
            episode = try SourceURL(enclosure, policy: policy)
        } catch {
            throw JobFailure.sourceURLRefused
        }
        logger.info("newest episode of a feed", metadata: ["host": "\(episode.host)"])
        guard case .media = try await download.run(episode.text, into: file) else {
            throw JobFailure.sourceUnsupported(.noMedia)
        }
        return FetchedSource(path: file.path, name: episode.lastPathComponent, folder: nil)
    }

    private func page(
        _ url: SourceURL, _ limits: FetchLimits, otherwise failure: JobFailure?
    ) async throws -> FetchedSource {
        guard let pages else { throw failure ?? JobFailure.sourceUnsupported(.noMedia) }
        await removeAbandoned()
        let folder = try FetchFolder(below: scratch)
        do {
            let path = try await pages.fetch(url, limits, into: folder.path)
            return FetchedSource(path: path, name: nil, folder: folder)
        } catch let refusal as JobFailure where refusal == .sourceUnsupported(.noMedia) {
            throw failure ?? refusal
        }
    }
}

/// A source on this machine.
package struct FetchedSource: Sendable {
    package let path: String
    /// What its address calls it.
    package let name: String?
    /// What it lies in, where that is to go with it.
    let folder: FetchFolder?
}
