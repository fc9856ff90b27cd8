import Crypto
import HTTPTypes
import Hummingbird
import Pipeline
import Postgres
import Tenancy

/// `GET /jobs/{id}/transcript`: renders the transcript in the format that `format` or `Accept` names.
struct GetTranscript: Sendable {
    let databases: Databases

    @Sendable
    func handle(_ request: Request, context: CustomerContext) async throws -> Response {
        let format = try Self.format(of: request)
        let job = try await GetJob.find(context, databases)
        guard job.status == .completed else { throw Self.notReady(job) }
        let stored = try await databases.app.transaction(of: job.tenant) {
            try StoredTranscript.find(job.id, of: job.tenant, in: $0)
        }
        guard let stored else { throw APIError(.transcriptDeleted, "The transcript of this job was deleted.") }

        let tag = Self.tag(stored, format)
        var headers: HTTPFields = [.eTag: tag, .vary: "Accept, Authorization", .cacheControl: "private, no-cache"]
        if request.headers[.ifNoneMatch].map({ Self.matches($0, tag) }) == true {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = format.contentType
        headers[.contentDisposition] = ContentDisposition.attachment(
            name: ContentDisposition.stem(of: job.displayName) + "." + format.fileExtension)
        let bytes = try stored.decoded().rendered(as: format)
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
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

    private static func notReady(_ job: Job) -> APIError {
        if let seconds = RemainingWork.retryAfterSeconds(job, now: .now()) {
            return APIError(
                .notReady, "The job is \(job.status.rawValue); its transcript is not there yet.",
                headers: [.retryAfter: String(seconds)])
        }
        return APIError(.notReady, "The job is \(job.status.rawValue): there will be no transcript.")
    }

    /// The same words in the same format, written by the same rules, have the same tag.
    private static func tag(_ stored: StoredTranscript, _ format: TranscriptFormat) -> String {
        let digest = SHA256.hash(data: stored.body).prefix(16).map { byte in
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
    /// What to call the recording: its file's name, or its id.
    fileprivate var displayName: String {
        if case .upload(let name?) = source, !name.isEmpty { return name }
        return id.rawValue
    }
}
