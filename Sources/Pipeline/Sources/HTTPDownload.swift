import Concurrency
import Egress

/// Requests a URL with plain `GET`s. If the response is media, stores it in a partial file.
///
/// An interrupted download is resumed if the server sent a validator (`ETag`, `Last-Modified`). The request has `Range`, and `If-Range` so that a
/// changed file is sent as a whole. A part counts only if it says that it is of the same version and begins where ours ends. Otherwise our part is
/// deleted, and the whole file is requested.
struct HTTPDownload: Sendable {
    enum Outcome: Sendable {
        /// The partial file is the complete recording.
        case media
        /// A feed, or its beginning, and its URL.
        case feed([UInt8], at: String)
        /// A web page. `failure`: what the response means if yt-dlp does not know the site. `redirectedTo`: the page's URL after redirects.
        case page(failure: (any Error)?, redirectedTo: String?)
    }

    private enum Step {
        case ended(Outcome)
        /// The rest, or the whole file, must be requested again.
        case goesOn(after: Duration)
    }

    /// How strictly responses are read: strictly, until one is malformed.
    private struct Reading {
        var decodes = true
        var believesLength = true

        /// Relaxes the reading after an error. Returns whether another attempt may succeed now.
        mutating func relax(after error: EgressError) -> Bool {
            switch error {
            case .badEncoding where decodes: decodes = false
            case .badResponse where believesLength: believesLength = false
            default: return false
            }
            return true
        }
    }

    private static let redirects = 5
    /// How many bytes of a feed are read. Ten megabytes list thousands of its newest episodes.
    static let readOfFeed = 10_000_000
    /// The maximum number of requests in one attempt. Servers that only send parts send megabytes at a time.
    private static let mostRequests = 1000
    /// How much too early libcurl's time-out may fire.
    private static let tick = Duration.milliseconds(50)

    let client: EgressClient
    let limits: FetchLimits
    let resolver: NameResolver

    /// - Throws: ``JobFailure`` if there is no recording; ``SourceUnavailable`` if there may be one later; ``StorageError``.
    func run(_ url: String, into file: PartialFile) async throws -> Outcome {
        // An earlier claim has completed the download, but failed later.
        if file.isWhole(of: url) { return .media }
        let end = ContinuousClock.now + limits.wallClock
        var reading = Reading()
        for _ in 0..<Self.mostRequests {
            switch try await ask(url, file, &reading, until: end) {
            case .ended(.media):
                // This only spares the next claim the download, so an error does not matter.
                try? await file.finish(url)
                return .media
            case .ended(let outcome): return outcome
            case .goesOn(let pause): try await Task.sleep(for: pause)
            }
        }
        throw SourceUnavailable(.sourceUnreachable, "the parts are too small")
    }

    private func ask(
        _ url: String, _ file: PartialFile, _ reading: inout Reading, until end: ContinuousClock.Instant
    ) async throws -> Step {
        let beginning = file.beginning(of: url)
        let answer = DownloadResponse(url: url, file: file, beginning: beginning, limits: limits)
        var request = EgressRequest(
            url: url, headers: [("Accept", "*/*"), ("Accept-Encoding", "identity")],
            limits: EgressLimits(
                total: end - .now, connect: limits.connect, minimumRate: limits.minimumRate,
                // A feed may be larger than the plan's limit on files.
                responseBytes: max(Int(limits.bytes), Self.readOfFeed)),
            redirects: Self.redirects, trust: .customerSupplied)
        (request.decodesBody, request.believesLength) = (reading.decodes, reading.believesLength)
        if !reading.believesLength { request.headers.append(("Connection", "close")) }
        if let beginning {
            request.headers += [("Range", "bytes=\(beginning.bytes)-"), ("If-Range", beginning.version.validator)]
        }
        let response: EgressResponse
        do {
            response = try await client.download(request, to: file.descriptor, judge: answer.judge)
        } catch EgressError.unwanted {
            return try answer.beginsAnew
                ? .goesOn(after: .zero) : .ended(.page(failure: nil, redirectedTo: answer.stopped()))
        } catch let error as EgressError {
            if reading.relax(after: error) {
                try file.startOver(url, nil)
                return .goesOn(after: .zero)
            }
            let isResumable = file.beginning(of: url) != nil
            let isOver = ContinuousClock.now + Self.tick >= end
            // A server without support for ranges began from the start, so there is no progress.
            let isFurther = beginning == nil || answer.range != nil
            if error.isPassing, isResumable, isFurther, answer.gained >= limits.progress, !isOver {
                return .goesOn(after: limits.pause)
            }
            if error == .timedOut, isOver, let failure = answer.endless(isResumable) {
                throw failure
            }
            throw await fault(error, url)
        }
        if response.status == 416, let beginning {
            // Our part is the whole file if it is of this version. Otherwise the file has changed.
            let isWhole = ContentRange.total(ofUnsatisfied: response.headers["Content-Range"]) == beginning.bytes
            if isWhole, beginning.version.isMeant(by: response.headers) { return .ended(.media) }
            try file.startOver(url, nil)
            return .goesOn(after: .zero)
        }
        guard response.isSuccess else { return .ended(try Self.refusal(response)) }
        if answer.isFeed { return .ended(.feed(response.body, at: response.redirectedTo ?? url)) }
        return try next(after: answer, url, file)
    }

    /// Decides what comes after a complete response, which may be only a part of the file.
    private func next(after answer: DownloadResponse, _ url: String, _ file: PartialFile) throws -> Step {
        guard let range = answer.range else { return .ended(.media) }
        switch file.bytes {
        case range.end + 1 where range.total == range.end + 1: return .ended(.media)
        case range.end + 1: return .goesOn(after: .zero)
        case ...range.end: throw SourceUnavailable(.sourceUnreachable, "a part that is shorter than it says")
        default:
            try file.startOver(url, nil)
            throw SourceUnavailable(.sourceUnreachable, "a part that is longer than it says")
        }
    }

    /// Returns or throws what an unsuccessful response means.
    private static func refusal(_ answer: EgressResponse) throws -> Outcome {
        let kind = SourceKind(contentType: answer.headers["Content-Type"], beginning: Array(answer.body.prefix(1024)))
        // Sites reject simple clients with a page. yt-dlp may still know the site.
        func refused(_ failure: any Error) throws -> Outcome {
            guard kind == .page else { throw failure }
            return .page(failure: failure, redirectedTo: answer.redirectedTo)
        }
        switch answer.status {
        case 404, 410: throw JobFailure.sourceNotFound
        case 401: throw JobFailure.sourceRequiresLogin
        case 403: return try refused(JobFailure.sourceRequiresLogin)
        case 429: return try refused(SourceUnavailable(.sourceBlocked, answer))
        case 451: throw JobFailure.sourceBlocked
        case 413: throw JobFailure.sourceTooLarge
        case 408, 425, 500...: throw SourceUnavailable(.sourceUnreachable, answer)
        // A redirect without a target, or an unusual status.
        default: throw JobFailure.sourceUnsupported(.noMedia)
        }
    }

    /// Returns the error for a missing response.
    private func fault(_ error: EgressError, _ url: String) async -> any Error {
        switch error {
        case .refusedAddress, .badURL, .unsupportedScheme: JobFailure.sourceURLRefused
        case .couldNotResolve: await unresolved(url)
        case .couldNotConnect, .timedOut, .tooSlow: SourceUnavailable(.sourceTimeout, error.description)
        case .connectionLost, .tlsHandshake, .failed: SourceUnavailable(.sourceUnreachable, error.description)
        case .responseTooLarge: JobFailure.sourceTooLarge
        case .tooManyRedirects: JobFailure.sourceUnsupported(.tooManyRedirects)
        case .tls: JobFailure.sourceUnsupported(.invalidCertificate)
        case .badResponse, .badEncoding: JobFailure.sourceUnsupported(.notHTTP)
        case .sinkFailed(let code): StorageError(errno: code)
        case .badRequest, .bodyUnreadable, .overloaded, .closed, .unwanted: error
        }
    }

    /// Distinguishes a name that does not exist from one that could not be resolved, because libcurl does not.
    private func unresolved(_ url: String) async -> SourceUnavailable {
        guard let host = try? EgressURL(url).host else { return SourceUnavailable(.sourceNotFound, "no host") }
        let resolver = resolver
        let isDenied = await BlockingCalls("name").run { resolver.denies(host) }
        return isDenied
            ? SourceUnavailable(.sourceNotFound, "there is no such name")
            : SourceUnavailable(.sourceUnreachable, "the name could not be looked up")
    }
}

extension EgressError {
    /// Whether the rest of a response that had begun may come with another connection.
    fileprivate var isPassing: Bool {
        if case .failed = self { return true }
        return isTransient
    }
}
