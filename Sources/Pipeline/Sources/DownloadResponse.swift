import Egress
import Synchronization

/// Decides what to do with a successful response, on the client's thread when the response has begun.
final class DownloadResponse: Sendable {
    private struct State {
        var isFeed = false
        var beginsAnew = false
        /// Whether it is media, and whether it has a length.
        var isMedia = false
        var isMeasured = false
        var range: ContentRange?
        var redirectedTo: String?
        var failure: (any Error)?
    }

    private let url: String
    private let file: PartialFile
    private let beginning: (version: SourceVersion, bytes: Int64)?
    private let limits: FetchLimits
    private let state = Mutex(State())

    /// - Parameter beginning: the part that is already here, if only the rest was requested.
    init(url: String, file: PartialFile, beginning: (version: SourceVersion, bytes: Int64)?, limits: FetchLimits) {
        self.url = url
        self.file = file
        self.beginning = beginning
        self.limits = limits
    }

    var isFeed: Bool { state.withLock { $0.isFeed } }
    /// Whether the response was not the rest of the part that is here. That part was then deleted.
    var beginsAnew: Bool { state.withLock { $0.beginsAnew } }
    /// The range of the response; nil if it is the whole file.
    var range: ContentRange? { state.withLock { $0.range } }
    /// How many bytes of media the response has added.
    var gained: Int64 {
        state.withLock { $0.isMedia ? file.bytes - ($0.range?.start ?? 0) : 0 }
    }

    var judge: EgressJudge { { [self] in verdict(on: $0) } }

    /// Called after `stop`. Throws the failure if there is one. Otherwise the response was a page, and this returns the URL to which redirects led.
    func stopped() throws -> String? {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            return state.redirectedTo
        }
    }

    /// Returns the failure of a download that took the maximum time. Nil if another attempt can resume it, or if no media had begun.
    func endless(_ isResumable: Bool) -> JobFailure? {
        state.withLock { state in
            guard state.isMedia, !isResumable else { return nil }
            return state.isMeasured ? .sourceTimeout : .sourceUnsupported(.liveStream)
        }
    }

    private func verdict(on answer: EgressResponseHead) -> EgressVerdict {
        if answer.status == 206 { return part(answer) }
        switch SourceKind(contentType: answer.headers["Content-Type"], beginning: answer.bytes) {
        case .page:
            state.withLock { $0.redirectedTo = answer.redirectedTo }
            return .stop
        case .feed:
            state.withLock { $0.isFeed = true }
            return .readBeginning(limit: HTTPDownload.readOfFeed)
        case .media: return whole(answer)
        }
    }

    private func whole(_ answer: EgressResponseHead) -> EgressVerdict {
        let isMeasured = answer.headers["Content-Length"] != nil
        if !isMeasured, Self.isRadio(answer.headers) { return stop(JobFailure.sourceUnsupported(.liveStream)) }
        do throws(StorageError) {
            try file.startOver(url, SourceVersion(url: url, answer.headers))
        } catch {
            return stop(error)
        }
        state.withLock { ($0.isMedia, $0.isMeasured) = (true, isMeasured) }
        return .store(limit: Int(limits.bytes))
    }

    private func part(_ answer: EgressResponseHead) -> EgressVerdict {
        guard let beginning else {
            return stop(SourceUnavailable(.sourceUnreachable, "a part instead of the whole"))
        }
        guard let range = ContentRange(answer.headers["Content-Range"]), let total = range.total,
            range.start == beginning.bytes, !SourceVersion.isCoded(answer.headers),
            beginning.version.isMeant(by: answer.headers)
        else {
            do throws(StorageError) {
                try file.startOver(url, nil)
            } catch {
                return stop(error)
            }
            state.withLock { $0.beginsAnew = true }
            return .stop
        }
        guard total <= limits.bytes else { return stop(JobFailure.sourceTooLarge) }
        state.withLock { ($0.range, $0.isMedia, $0.isMeasured) = (range, true, true) }
        return .store(limit: Int(limits.bytes - beginning.bytes))
    }

    private func stop(_ failure: any Error) -> EgressVerdict {
        state.withLock { $0.failure = failure }
        return .stop
    }

    /// Returns whether the headers are those of a radio station (Icecast, SHOUTcast).
    private static func isRadio(_ headers: EgressHeaders) -> Bool {
        headers.fields.contains { $0.name.lowercased().hasPrefix("icy-") }
    }
}
