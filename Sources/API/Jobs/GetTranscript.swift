import Cryptography
import Foundation
import HTTPTypes
import Hummingbird
import Pipeline
import Postgres
import Tenancy

/// `GET /jobs/{id}/transcript`: renders the transcript in the format that `format` or `Accept` names.
///
/// Work that grows with the recording's length runs on the renderer's threads.
struct GetTranscript: Sendable {
    let databases: Databases
    let renderer = TranscriptRenderer()

    @Sendable
    func handle(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let format = try Self.format(of: request)
        let job = try await GetJob.find(context, databases)
        guard job.status == .completed else { throw Self.notReady(job) }
        let stored = try await databases.app.transaction(of: job.tenant) {
            try StoredTranscript.find(job.id, of: job.tenant, in: $0)
        }
        guard let stored else { throw APIError(.transcriptDeleted, "The transcript of this job was deleted.") }

        let known = request.headers[.ifNoneMatch]
        let name = job.displayName
        let answer = try await onRenderer(bytes: stored.body.count) {
            let tag = Self.tag(stored, format)
            if known.map({ Self.matches($0, tag) }) == true { return Answer(tag: tag, bytes: nil) }
            return Answer(tag: tag, bytes: try stored.decoded().rendered(as: format, title: name))
        }
        var headers: HTTPFields = [
            .eTag: answer.tag, .vary: "Accept, Authorization", .cacheControl: "private, no-cache",
        ]
        guard let bytes = answer.bytes else { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = format.contentType
        headers[.contentDisposition] = ContentDisposition.attachment(
            name: ContentDisposition.stem(of: name ?? job.id.rawValue) + "." + format.fileExtension)
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// The transcript in the format, or its tag alone if the client has it already.
    private struct Answer: Sendable {
        let tag: String
        let bytes: [UInt8]?
    }

    private func onRenderer(bytes: Int, _ work: @escaping @Sendable () throws -> Answer) async throws -> Answer {
        do {
            return try await renderer.run(bytes: bytes, work)
        } catch TranscriptRendererError.overloaded {
            throw APIError.transient(
                "Too many transcripts are being fetched at the moment. Please try again.", retryAfterSeconds: 2)
        }
    }

    private static func format(of request: Request) throws -> TranscriptFormat {
        guard let name = request.uri.queryParameters["format"] else {
            return TranscriptFormat.negotiate(accept: request.headers[.accept])
        }
        guard let format = TranscriptFormat(rawValue: String(name)) else {
            throw APIError(
                .unknownFormat,
                "'format' must be one of \(TranscriptFormat.allCases.map(\.rawValue).joined(separator: ", ")).",
                details: ["field": .text("format")])
        }
        return format
    }

    static func notReady(_ job: Job) -> APIError {
        if let seconds = RemainingWork.retryAfterSeconds(job, now: .now()) {
            return APIError(
                .notReady, "The job is \(job.status.rawValue); its transcript is not ready yet.",
                headers: [.retryAfter: String(seconds)])
        }
        return APIError(.notReady, "The job is \(job.status.rawValue): there will be no transcript.")
    }

    /// Returns the `ETag`: the same words in the same format, written by the same rules, have the same one.
    private static func tag(_ stored: StoredTranscript, _ format: TranscriptFormat) -> String {
        let digest = SHA256.hash(stored.body).prefix(16).map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0" + digits : digits
        }
        return "\"\(digest.joined())-\(format.rawValue)\(TranscriptFormat.revision)\""
    }

    private static func matches(_ header: String, _ tag: String) -> Bool {
        header.split(separator: ",").contains { candidate in
            let text = candidate.filter { $0 != " " }
            return text == "*" || text == tag || text == "W/" + tag
        }
    }
}

extension Job {
    /// The name by which the customer knows the recording: its file's name, or the last part of its URL's path if that looks like a file's
    /// name. Nothing of a URL's query.
    fileprivate var displayName: String? {
        switch source {
        case .upload(let name?) where !name.isEmpty: name
        case .upload: nil
        case .url(let text):
            URLComponents(string: text)?.path.split(separator: "/").last.flatMap {
                $0.contains(".") ? DisplayName(String($0)).text : nil
            }
        }
    }
}
