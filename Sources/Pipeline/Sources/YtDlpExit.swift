import Billing
import Egress
import Foundation
import Subprocess

/// How a child process of yt-dlp ended, and what that means for the job.
struct YtDlpExit: Sendable {
    /// What yt-dlp says about the media: one line before the download and one after it.
    struct Found: Decodable, Sendable {
        let extractor_key: String?
        let duration: Double?
        let is_live: Bool?
        let live_status: String?
        let filepath: String?
    }

    let status: TerminationStatus
    /// The last such line.
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

    /// Returns the path of the fetched file.
    ///
    /// - Throws: ``JobFailure`` or ``SourceUnavailable`` if there is none.
    func file(in folder: String, _ limits: FetchLimits) throws -> String {
        if hasOverflown || proxy.isExhausted { throw JobFailure.sourceTooLarge }
        switch status {
        case .exited(0):
            if let path = found?.filepath.flatMap({ Self.ownFile($0, in: folder) }) { return path }
            // Success without a file: if media was found, its size was rejected; otherwise there was none.
            throw found == nil ? JobFailure.sourceUnsupported(.noMedia) : .sourceTooLarge
        case .exited(101):
            if isLive { throw JobFailure.sourceUnsupported(.liveStream) }
            let isWithinPlan = duration.map { $0 <= Double(limits.seconds) } ?? false
            throw isWithinPlan ? JobFailure.sourceExceeds(limits.room.limit) : .invalidAudio(.durationExceedsLimit)
        case .exited(1):
            // All other messages mean that yt-dlp found nothing.
            throw complaint.meaning(proxy) ?? JobFailure.sourceUnsupported(.noMedia)
        case .exited(let code):
            throw SourceUnavailable(.internal, "yt-dlp ended with status \(code)")
        case .signaled(SIGXFSZ):
            throw JobFailure.sourceTooLarge
        case .signaled(SIGXCPU):
            // Too much CPU time, such as for decrypting hours of sound in Python. Another attempt would get no further.
            throw JobFailure.sourceUnsupported(.noMedia)
        case .signaled(let signal):
            // The child ended itself, because its time was over or its worker was gone.
            throw SourceUnavailable(.sourceTimeout, "yt-dlp was ended by signal \(signal)")
        }
    }

    /// Returns the path if it is a regular file directly in the folder, whatever yt-dlp says.
    private static func ownFile(_ path: String, in folder: String) -> String? {
        let own = folder + "/" + URL(fileURLWithPath: path).lastPathComponent
        var status = stat()
        return lstat(own, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? own : nil
    }

    /// Returns, for the log, whether the site's JavaScript was run.
    func javaScript(wasRun: Bool) -> String {
        complaint.javaScript.map { "\($0)" } ?? (wasRun ? "run" : "none")
    }

    /// The part of an unknown error message that may be logged; nil if the error is known.
    var puzzle: YtDlpLogText? {
        guard !hasOverflown, !proxy.isExhausted, case .exited(let code) = status, code != 0, code != 101 else {
            return nil
        }
        return code == 1 && !complaint.isCrash && complaint.meaning(proxy) != nil ? nil : YtDlpLogText(errors)
    }
}
