import Egress
import Foundation
import Logging
import Settings
import Subprocess
import Synchronization
import SystemPackage

/// The door to yt-dlp, which knows where sites keep the media behind their pages.
///
/// Each call starts a child in a session of its own, with an empty folder as its home and a filtering proxy of its own as its only way
/// out: the child can make no connection, and is handed those to the proxy. `ingest/child.py` bounds it from within; from here its disk, its time and what it says are. A child that goes beyond, or whose
/// caller is cancelled, is killed with its whole group and reaped before the call returns.
package struct YtDlp: Sendable {
    /// What tests change, and nothing else may.
    package struct Extractors: Sendable {
        var names: String
        var plugins: String?

        /// All that know a site by name. The one that tries anything on any page is not among them: it follows what it finds there.
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
    /// For one call; what it has to look at before it downloads is a few pages.
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

    /// Finds the media behind a page, and puts it into `folder`, which must be empty.
    ///
    /// - Returns: the file's path.
    /// - Throws: ``JobFailure``; ``SourceUnavailable``; `CancellationError`.
    package func fetch(_ url: SourceURL, _ limits: FetchLimits, into folder: String) async throws -> String {
        let proxy = try FilteringProxy(
            policy: policy, resolver: resolver,
            // Pages, and what is sent twice, come on top of the file.
            // It says sooner what is the matter than yt-dlp gives up.
            limits: .init(bytes: limits.bytes + limits.bytes / 10 + (64 << 20), connect: limits.connect * 2 / 3))
        defer { proxy.stop() }
        let arguments = YtDlpArguments(
            url: url, limits: limits, folder: folder, proxy: proxy, extractors: extractors, wallClock: wallClock)
        let solver = ChallengeSolver(installation: installation, logger: logger)
        // Cancelled, and waited for, when this call ends.
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

    /// What it gets beyond its time to end by itself.
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
                // Ends when the child does. Our end of its standard input stays open until then: that is how it knows that we live.
                async let words = Self.last(64 << 10, of: execution.standardError)
                // It watches its time itself, and so do we: it is not to be trusted.
                let end = ContinuousClock.now + wallClock + Self.grace
                // Ends before this scope does: once the child is reaped its number may be another's.
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
            throw SourceUnavailable(.internal, "yt-dlp could not be run: \(error.code)")
        }
    }

    /// All is read, or the child would wait for us; so much is kept.
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
