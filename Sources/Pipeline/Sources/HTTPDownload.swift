import Concurrency
import Egress

/// Fetches an address by plain `GET`s and, when media comes of it, keeps that in a partial file.
///
/// A download that broke off goes on where it did, when the server told by what it knows a version: `Range`, and `If-Range` so that
/// another version comes whole instead. A part counts only when it says that it is of the very version and begins where ours ends; else
/// what is here is thrown away, and the whole is asked for.
struct HTTPDownload: Sendable {
    enum Outcome: Sendable {
        /// The partial file is the whole source.
        case media
        /// A list of episodes, or its beginning; and its address.
        case feed([UInt8], at: String)
        /// Something for people. `failure`: what a refusal would mean, should nobody know the site. `redirectedTo`: where it is, when
        /// that is elsewhere.
        case page(failure: (any Error)?, redirectedTo: String?)
    }

    private enum Step {
        case ended(Outcome)
        /// The rest, or the whole, is still to be asked for.
        case goesOn(after: Duration)
    }

    /// How answers are read: to the letter, until one is not written so.
    private struct Reading {
        var decodes = true
        var believesLength = true

        /// Whether another way of reading may make sense of what this one could not.
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
    /// The first ten megabytes of a feed list the newest thousands of its episodes.
    static let readOfFeed = 10_000_000
    /// In one try: servers that give a source away in parts give megabytes at a time.
    private static let mostRequests = 1000
    /// How much too early libcurl's clock may ring.
    private static let tick = Duration.milliseconds(50)

    let client: EgressClient
    let limits: FetchLimits
    let resolver: NameResolver

    /// - Throws: ``JobFailure`` when there is nothing to be had; ``SourceUnavailable`` when there may be later; ``StorageError``.
    func run(_ url: String, into file: PartialFile) async throws -> Outcome {
        // It came whole to an earlier claim, which got no further with it.
        if file.isWhole(of: url) { return .media }
        let end = ContinuousClock.now + limits.wallClock
        var reading = Reading()
        for _ in 0..<Self.mostRequests {
            switch try await ask(url, file, &reading, until: end) {
            case .ended(.media):
                // What this saves the next claim is all that is lost without.
                try? await file.finish(url)
                return .media
            case .ended(let outcome): return outcome
            case .goesOn(let pause): try await Task.sleep(for: pause)
            }
        }
        throw SourceUnavailable(.sourceUnreachable, "too small parts")
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
                // A feed may be more than the plan's cap on recordings.
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
            // A server that knows no parts began anew: nothing was won.
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
            // Ours is all of it, if it is of this version; else it is no part of what is there now.
            let isWhole = ContentRange.total(ofUnsatisfied: response.headers["Content-Range"]) == beginning.bytes
            if isWhole, beginning.version.isMeant(by: response.headers) { return .ended(.media) }
            try file.startOver(url, nil)
            return .goesOn(after: .zero)
        }
        guard response.isSuccess else { return .ended(try Self.refusal(response)) }
        if answer.isFeed { return .ended(.feed(response.body, at: response.redirectedTo ?? url)) }
        return try next(after: answer, url, file)
    }

    /// The answer came to its end: whether that is the source's.
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

    /// What an answer means that is no success.
    private static func refusal(_ answer: EgressResponse) throws -> Outcome {
        let kind = SourceKind(contentType: answer.headers["Content-Type"], beginning: Array(answer.body.prefix(1024)))
        // Sites refuse plain programs with a page; one that is known may still be had.
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
        // A redirect that leads nowhere, or something odd.
        default: throw JobFailure.sourceUnsupported(.noMedia)
        }
    }

    /// What it means that there is no answer.
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

    /// A name that nobody has and one that nobody could look up look alike to libcurl.
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
    /// Of an answer that had begun: whether another connection may bring the rest.
    fileprivate var isPassing: Bool {
        if case .failed = self { return true }
        return isTransient
    }
}
