import Egress
import Synchronization

/// Fetches an address by a plain `GET` and, when media comes of it, keeps that in a partial file.
///
/// A download that broke off goes on where it did, when the server told by what it knows a version: `Range`, and `If-Range` so that
/// another version comes whole instead.
struct PlainDownload: Sendable {
    enum Outcome: Sendable {
        /// The partial file is the whole source.
        case media
        /// A list of episodes, whole.
        case feed([UInt8])
        /// Something for people. `failure`: what a refusal would mean, should nobody know the site.
        case page(failure: JobFailure?)
    }

    private static let redirects = 5
    private static let longestFeed = 10_000_000

    let client: EgressClient
    let limits: FetchLimits

    /// - Throws: ``JobFailure`` when there is nothing to be had; ``SourceUnavailable`` when there may be later; ``StorageError``.
    func run(_ url: String, into file: PartialFile) async throws -> Outcome {
        let beginning = file.beginning.flatMap { $0.origin.address == PartialFile.Origin.digest(url) ? $0 : nil }
        let judgement = DownloadJudgement(url: url, file: file, resumed: beginning?.bytes, limits: limits)
        var request = EgressRequest(
            url: url, headers: [("Accept", "*/*"), ("Accept-Encoding", "identity")],
            limits: EgressLimits(
                total: limits.wallClock, connect: limits.connect, minimumRate: limits.minimumRate,
                responseBytes: Int(limits.bytes)),
            redirects: Self.redirects, audience: .customerSupplied)
        if let beginning {
            request.headers += [("Range", "bytes=\(beginning.bytes)-"), ("If-Range", beginning.origin.validator)]
        }
        let response: EgressResponse
        do {
            response = try await client.download(request, to: file.descriptor, judge: judgement.judge)
        } catch EgressError.unwanted {
            return try judgement.stopped()
        } catch let error as EgressError {
            throw try Self.fault(error)
        }
        if response.status == 416, beginning != nil {
            // What we have is no part of what is there now.
            try file.startOver(nil)
            return try await run(url, into: file)
        }
        guard response.isSuccess else {
            return try Self.refusal(response.status, isPage: SourceKind(response) == .page)
        }
        return judgement.isFeed ? .feed(response.body) : .media
    }

    /// What an answer means that is no success.
    private static func refusal(_ status: Int, isPage: Bool) throws -> Outcome {
        switch status {
        case 404, 410: throw JobFailure.sourceNotFound
        case 401: throw JobFailure.sourceRequiresLogin
        // Sites refuse plain programs with a page; one that is known may still be had.
        case 403 where isPage: return .page(failure: .sourceRequiresLogin)
        case 403: throw JobFailure.sourceRequiresLogin
        case 429 where isPage: return .page(failure: .sourceBlocked)
        case 429, 451: throw JobFailure.sourceBlocked
        case 413: throw JobFailure.sourceTooLarge
        case 408, 425, 500...: throw SourceUnavailable(.sourceUnreachable, "status \(status)")
        // A redirect that leads nowhere, or something odd.
        default: throw JobFailure.sourceUnsupported(.noMedia)
        }
    }

    /// What it means that there is no answer.
    private static func fault(_ error: EgressError) throws -> any Error {
        switch error {
        case .refusedAddress, .badURL, .unsupportedScheme: JobFailure.sourceURLRefused
        case .couldNotResolve: SourceUnavailable(.sourceNotFound, error.description)
        case .couldNotConnect, .timedOut, .tooSlow: SourceUnavailable(.sourceTimeout, error.description)
        case .connectionLost, .tlsHandshake, .failed: SourceUnavailable(.sourceUnreachable, error.description)
        case .responseTooLarge: JobFailure.sourceTooLarge
        case .tooManyRedirects: JobFailure.sourceUnsupported(.tooManyRedirects)
        case .tls: JobFailure.sourceUnsupported(.invalidCertificate)
        case .badResponse: JobFailure.sourceUnsupported(.notHTTP)
        case .sinkFailed(let code): StorageError(errno: code)
        case .badRequest, .bodyUnreadable, .overloaded, .closed, .unwanted: error
        }
    }

    /// What becomes of a success, decided on the client's thread.
    private final class DownloadJudgement: Sendable {
        private struct State {
            var isFeed = false
            var failure: (any Error)?
        }

        private let url: String
        private let file: PartialFile
        private let resumed: Int64?
        private let limits: FetchLimits
        private let state = Mutex(State())

        init(url: String, file: PartialFile, resumed: Int64?, limits: FetchLimits) {
            self.url = url
            self.file = file
            self.resumed = resumed
            self.limits = limits
        }

        var isFeed: Bool { state.withLock { $0.isFeed } }

        var judge: EgressJudge { { [self] in verdict(on: $0) } }

        /// After `stop`: why.
        func stopped() throws -> Outcome {
            if let failure = state.withLock({ $0.failure }) { throw failure }
            return .page(failure: nil)
        }

        private func verdict(on answer: EgressBeginning) -> EgressVerdict {
            if answer.status == 206 {
                guard let resumed, Self.start(of: answer.headers["Content-Range"]) == resumed else {
                    return stop(SourceUnavailable(.sourceUnreachable, "another range than the one asked for"))
                }
                return .store(limit: Int(limits.bytes - resumed))
            }
            switch SourceKind(contentType: answer.headers["Content-Type"], beginning: answer.bytes) {
            case .page: return .stop
            case .feed:
                state.withLock { $0.isFeed = true }
                return .read(limit: PlainDownload.longestFeed)
            case .media:
                let origin = PartialFile.Origin(
                    url: url, entityTag: answer.headers["ETag"], lastModified: answer.headers["Last-Modified"])
                do {
                    try file.startOver(origin)
                } catch {
                    return stop(error)
                }
                return .store(limit: Int(limits.bytes))
            }
        }

        private func stop(_ failure: any Error) -> EgressVerdict {
            state.withLock { $0.failure = failure }
            return .stop
        }

        /// `bytes 1000-1999/2000`
        private static func start(of range: String?) -> Int64? {
            guard let range, range.lowercased().hasPrefix("bytes ") else { return nil }
            return Int64(range.dropFirst(6).prefix { $0 != "-" })
        }
    }
}

extension SourceKind {
    fileprivate init(_ response: EgressResponse) {
        self.init(contentType: response.headers["Content-Type"], beginning: Array(response.body.prefix(1024)))
    }
}
