import Egress
import Foundation
import Logging
import Settings
import Subprocess
import Synchronization
import SystemPackage

/// Runs yt-dlp, which finds the media in the web pages of many sites.
///
/// Each call starts a child process in a session of its own, with an empty folder as its home. The child cannot open connections. It only gets
/// connections to a filtering proxy of its own. The child limits itself (`ingest/child.py`). This type also limits its disk space, its time and
/// its output. If it exceeds them, or its caller is cancelled, it is killed with its process group, and reaped before the call returns.
package struct YtDlp: Sendable {
    /// The extractors to use. Only tests may change them.
    package struct Extractors: Sendable {
        var names: String
        var plugins: String?

        /// All extractors for a certain site. Not the generic one, because it follows any link on any page.
        package static let named = Extractors(names: "default,-generic", plugins: nil)

        package init(names: String, plugins: String?) {
            self.names = names
            self.plugins = plugins
        }
    }

    /// The folder that `ingest/install` fills.
    let installation: YtDlpInstallation
    let policy: AddressPolicy
    let resolver: NameResolver
    let extractors: Extractors
    /// The time limit of one call, download included. `FetchLimits.wallClock` is the one of a media file's own URL. The child's processor
    /// time has a limit of its own, in ``YtDlpArguments``.
    let wallClock: Duration
    let logger: Logger

    package init(
        installation: YtDlpInstallation, policy: AddressPolicy, resolver: NameResolver = .system,
        extractors: Extractors = .named, wallClock: Duration = .seconds(3600), logger: Logger
    ) {
        self.installation = installation
        self.policy = policy
        self.resolver = resolver
        self.extractors = extractors
        self.wallClock = wallClock
        self.logger = logger
    }

    /// Finds the media in a page, and downloads it into `folder`, which must be empty.
    ///
    /// - Returns: the path of the file.
    /// - Throws: ``JobFailure``; ``SourceUnavailable``; `CancellationError`.
    package func fetch(_ url: SourceURL, _ limits: FetchLimits, into folder: String) async throws -> String {
        let proxy = try FilteringProxy(
            policy: policy, resolver: resolver,
            // Pages, and data that is sent twice, come on top of the file.
            // The proxy's time-out is shorter than yt-dlp's, so that the proxy can report the reason.
            limits: .init(bytes: limits.bytes + limits.bytes / 10 + (64 << 20), connect: limits.connect * 2 / 3))
        defer { proxy.stop() }
        let arguments = YtDlpArguments(
            url: url, limits: limits, folder: folder, proxy: proxy, extractors: extractors, wallClock: wallClock)
        let solver = ChallengeSolver(installation: installation, logger: logger)
        // When this call ends, this is cancelled and awaited.
        async let _: Void = solver.serve()
        let channel = try proxy.channel(saying: try arguments.line(), other: { solver.connection() })
        defer { withExtendedLifetime(channel) {} }
        var ending = try await run(arguments, talkingOver: channel, folder: folder)
        try Task.checkCancellation()
        ending.proxy = proxy.report
        logger.info(
            "looked behind a page",
            metadata: [
                "host": "\(url.host)", "site": "\(ending.found?.extractor_key?.prefix(64) ?? "none")",
                "ending": "\(ending.status)", "bytes": "\(ending.proxy.bytes)",
                "javascript": "\(ending.javaScript(wasRun: solver.wasAsked))",
            ])
        if let words = ending.puzzle {
            logger.warning(
                "yt-dlp ended in a way that we do not know",
                metadata: [
                    "site": "\(words.extractor ?? "none")", "ending": "\(ending.status)", "words": "\(words.sentence)",
                ])
        }
        return try ending.file(in: folder, limits)
    }

    /// How much longer than its time limit the child may take to end by itself.
    private static let grace = Duration.seconds(15)

    private final class Overflow: Sendable {
        let isSeen = Atomic(false)
    }

    private func run(
        _ arguments: YtDlpArguments, talkingOver channel: ProxyChannel, folder: String
    ) async throws -> YtDlpExit {
        guard OpenFiles.haveRoomForChild else { throw StorageError(errno: EMFILE) }
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))]
        let overflow = Overflow()
        do {
            let result = try await Subprocess.run(
                .path(FilePath(installation.currentPython)), arguments: ["-I", "-B", "-S", installation.child],
                environment: ChildEnvironment.pages(home: folder).custom, workingDirectory: FilePath(folder),
                platformOptions: options,
                input: .fileDescriptor(FileDescriptor(rawValue: channel.childEnd), closeAfterSpawningProcess: false),
                output: .sequence, error: .sequence
            ) { execution in
                // Ends when the child does. Our end of its standard input stays open until then, so that the child knows that we are alive.
                async let words = Self.last(64 << 10, of: execution.standardError)
                // The child watches its time itself, but cannot be trusted.
                let end = ContinuousClock.now + wallClock + Self.grace
                // Ends before this scope does, because once the child is reaped, its process id may be reused.
                async let _: Void = {
                    while !Task.isCancelled {
                        if ContinuousClock.now >= end {
                            try? execution.send(signal: .kill, toProcessGroup: true)
                        }
                        if FetchFolder.size(of: folder) > arguments.diskBytes {
                            overflow.isSeen.store(true, ordering: .relaxed)
                            try? execution.send(signal: .kill, toProcessGroup: true)
                        }
                        try? await Task.sleep(for: .milliseconds(250))
                    }
                }()
                let output = try await Self.first(64 << 10, of: execution.standardOutput)
                return (output, try await words)
            }
            return YtDlpExit(
                status: result.terminationStatus, output: result.closureResult.0, errors: result.closureResult.1,
                hasOverflown: overflow.isSeen.load(ordering: .relaxed))
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw SourceUnavailable(.internal, "yt-dlp could not be started: \(error.code)")
        }
    }

    /// Reads everything, because the child would otherwise block, but keeps only the first `limit` bytes.
    private static func first(_ limit: Int, of stream: SubprocessOutputSequence) async throws -> [UInt8] {
        var kept: [UInt8] = []
        for try await block in stream {
            if kept.count < limit { block.withUnsafeBytes { kept += $0.prefix(limit - kept.count) } }
        }
        return kept
    }

    private static func last(_ limit: Int, of stream: SubprocessOutputSequence) async throws -> [UInt8] {
        var kept: [UInt8] = []
        for try await block in stream {
            block.withUnsafeBytes { kept += $0 }
            if kept.count > limit { kept.removeFirst(kept.count - limit) }
        }
        return kept
    }
}
