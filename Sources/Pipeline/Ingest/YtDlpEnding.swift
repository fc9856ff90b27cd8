import Egress
import Foundation
import Subprocess

/// How a child ended, and what that means for the job.
struct YtDlpEnding: Sendable {
    /// What it said of the media, in one line before it looks at the file and in another after it has it.
    struct Found: Decodable, Sendable {
        let extractor_key: String?
        let duration: Double?
        let is_live: Bool?
        let live_status: String?
        let filepath: String?
    }

    let status: TerminationStatus
    /// The last line that it said of the media.
    let found: Found?
    private let isLive: Bool
    private let duration: Double?
    private let errors: String
    private let hasOverflown: Bool
    var proxy = FilteringProxy.Report()

    init(status: TerminationStatus, output: [UInt8], errors: [UInt8], hasOverflown: Bool) {
        self.status = status
        self.errors = String(decoding: errors, as: UTF8.self)
        self.hasOverflown = hasOverflown
        let lines = output.split(separator: UInt8(ascii: "\n")).compactMap {
            try? JSONDecoder().decode(Found.self, from: Data($0))
        }
        found = lines.last
        isLive = lines.contains { $0.is_live == true || $0.live_status == "is_live" || $0.live_status == "is_upcoming" }
        duration = lines.compactMap(\.duration).first
    }

    /// The file that it fetched.
    ///
    /// - Throws: ``JobFailure`` or ``SourceUnavailable``, when there is none.
    func file(in folder: String, _ limits: FetchLimits) throws -> String {
        if hasOverflown || proxy.isExhausted { throw JobFailure.sourceTooLarge }
        switch status {
        case .exited(0):
            if let path = found?.filepath.flatMap({ Self.ownFile($0, in: folder) }) { return path }
            // Success without a file is a refusal: of its size, since it says what it found; else there was nothing.
            throw found == nil ? JobFailure.sourceUnsupported(.noMedia) : .sourceTooLarge
        case .exited(101):
            if isLive { throw JobFailure.sourceUnsupported(.liveStream) }
            throw JobFailure.invalidAudio(.durationExceedsLimit)
        case .exited(1):
            // What it says besides comes to no more than that it found nothing.
            throw meaning ?? JobFailure.sourceUnsupported(.noMedia)
        case .exited(let code):
            throw SourceUnavailable(.internal, "yt-dlp ended with status \(code)")
        case .signaled(SIGXFSZ):
            throw JobFailure.sourceTooLarge
        case .signaled(let signal):
            // Its own watch, or the kernel for its CPU time.
            throw SourceUnavailable(.sourceTimeout, "yt-dlp was ended by signal \(signal)")
        }
    }

    /// Only a regular file right in the folder, whatever it says.
    private static func ownFile(_ path: String, in folder: String) -> String? {
        let own = folder + "/" + URL(fileURLWithPath: path).lastPathComponent
        var status = stat()
        return lstat(own, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? own : nil
    }

    /// For the log, where we do not know what it met: what of its last words may stand there.
    var puzzle: YtDlpWords? {
        guard !hasOverflown, !proxy.isExhausted, case .exited(let code) = status, code != 0, code != 101 else {
            return nil
        }
        return code == 1 && !isBroken && meaning != nil ? nil : YtDlpWords(errors)
    }

    /// Python's own words: it did not get as far as a message.
    private var isBroken: Bool {
        let text = errors.lowercased()
        return !text.contains("error:") && text.contains("traceback")
    }

    /// What its messages mean; nil when they are none that we know. They hold the URL, so they are neither logged nor shown.
    private var meaning: (any Error)? {
        // Typographic apostrophes come in some of them.
        let text = errors.lowercased().replacingOccurrences(of: "’", with: "'")
        func says(_ phrases: String...) -> Bool { phrases.contains { text.contains($0) } }
        if isBroken { return SourceUnavailable(.internal, "yt-dlp broke") }
        if proxy.hasRefused { return JobFailure.sourceURLRefused }
        if says("unsupported url", "no suitable extractor") { return JobFailure.sourceUnsupported(.noMedia) }
        if says("file too large", "errno 27") { return JobFailure.sourceTooLarge }
        if says(
            "not a bot", "captcha", "http error 429", "http error 451", "in your country", "geo restrict",
            "geo-restrict")
        {
            return JobFailure.sourceBlocked
        }
        if says(
            "private video", "sign in", "log in", "login", "members-only", "registered users", "http error 401",
            "http error 403", "password", "this video is private")
        {
            return JobFailure.sourceRequiresLogin
        }
        if says(
            "http error 404", "http error 410", "video unavailable", "has been removed", "does not exist",
            "no longer available")
        {
            return JobFailure.sourceNotFound
        }
        if says("drm") { return JobFailure.sourceUnsupported(.protectedMedia) }
        if says("live event", "premieres in", "is live", "livestream", "is not currently live") {
            return JobFailure.sourceUnsupported(.liveStream)
        }
        if proxy.isUnresolved { return SourceUnavailable(.sourceNotFound, "a name did not resolve") }
        if says("timed out", "timeout", "gateway timeout") { return SourceUnavailable(.sourceTimeout, "a time-out") }
        if says("http error 5", "connection", "transporterror", "incompleteread", "remote end", "bytes read", "ssl") {
            return SourceUnavailable(.sourceUnreachable, "a broken connection or a server's fault")
        }
        return nil
    }
}
