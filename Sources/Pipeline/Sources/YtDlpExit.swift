import Egress
import Foundation
import Subprocess

/// How a child ended, and what that means for the job.
struct YtDlpExit: Sendable {
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
    private let complaint: YtDlpError
    private let hasOverflown: Bool
    var proxy = FilteringProxy.Report()

    init(status: TerminationStatus, output: [UInt8], errors: [UInt8], hasOverflown: Bool) {
        self.status = status
        self.errors = String(decoding: errors, as: UTF8.self)
        complaint = YtDlpError(self.errors)
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
            let isWithinPlan = duration.map { $0 <= Double(limits.seconds) } ?? false
            throw isWithinPlan ? JobFailure.sourceExceedsQuota : .invalidAudio(.durationExceedsLimit)
        case .exited(1):
            // What it says besides comes to no more than that it found nothing.
            throw complaint.meaning(proxy) ?? JobFailure.sourceUnsupported(.noMedia)
        case .exited(let code):
            throw SourceUnavailable(.internal, "yt-dlp ended with status \(code)")
        case .signaled(SIGXFSZ):
            throw JobFailure.sourceTooLarge
        case .signaled(SIGXCPU):
            // Hours of sound that it would have to decrypt in Python. The next try would come no further.
            throw JobFailure.sourceUnsupported(.noMedia)
        case .signaled(let signal):
            // Its own watch, for the time or because its worker is gone.
            throw SourceUnavailable(.sourceTimeout, "yt-dlp was ended by signal \(signal)")
        }
    }

    /// Only a regular file right in the folder, whatever it says.
    private static func ownFile(_ path: String, in folder: String) -> String? {
        let own = folder + "/" + URL(fileURLWithPath: path).lastPathComponent
        var status = stat()
        return lstat(own, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? own : nil
    }

    /// For the log: what became of the JavaScript that the site wanted to be run.
    func javaScript(wasRun: Bool) -> String {
        complaint.javaScript.map { "\($0)" } ?? (wasRun ? "run" : "none")
    }

    /// For the log, where we do not know what it met: what of its last words may stand there.
    var puzzle: YtDlpLogText? {
        guard !hasOverflown, !proxy.isExhausted, case .exited(let code) = status, code != 0, code != 101 else {
            return nil
        }
        return code == 1 && !complaint.isCrash && complaint.meaning(proxy) != nil ? nil : YtDlpLogText(errors)
    }
}
