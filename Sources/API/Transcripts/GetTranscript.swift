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
    let renderer: TranscriptRenderer

    @Sendable
    func handle(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let asked = try TranscriptParameters(request)
        let format = asked.format
        let job = try await GetJob.find(context, databases)
        guard job.status == .completed else { throw Self.notReady(job) }
        let (stored, names) = try await databases.app.transaction(of: job.tenant, isolation: .repeatableRead) {
            (
                asked.isOriginal
                    ? try StoredTranscript.find(job.id, of: job.tenant, in: $0)
                    : try StoredTranscript.findLatest(job.id, of: job.tenant, in: $0),
                asked.speakers == .names ? try SpeakerNames.find(of: job.id, job.tenant, in: $0) : SpeakerNames()
            )
        }
        guard let stored else { throw Self.deleted }

        let known = request.headers[.ifNoneMatch]
        let name = job.displayName
        let labels = asked.speakers?.labels(names)
        let answer = try await renderer.answering(for: job.tenant, bytes: stored.bytes) {
            let tag = TranscriptTag(stored).text(
                of: format, speakers: labels, cues: asked.cues, timingWords: asked.timesWords)
            if known.map({ Self.matches($0, tag) }) == true { return Answer(tag: tag, bytes: nil) }
            let transcript = try stored.decoded().latest
            return Answer(
                tag: tag,
                bytes: transcript.rendered(
                    as: format, title: name, speakers: labels, cues: asked.cues, timingWords: asked.timesWords,
                    revision: stored.revision))
        }
        // A browser that a member has signed out of has nothing to show to the next one who uses it.
        let isMember = context.principal.role != nil
        var headers: HTTPFields = [
            .eTag: answer.tag, .vary: "Accept, Authorization, Cookie",
            .cacheControl: isMember ? "no-store" : "private, no-cache",
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

    static let deleted = APIError(.transcriptDeleted, "The transcript of this job was deleted.")

    static func notReady(_ job: Job) -> APIError {
        if let seconds = RemainingWork.retryAfterSeconds(job, now: .now()) {
            return APIError(
                .notReady, "The job is \(job.status.rawValue); its transcript is not ready yet.",
                headers: [.retryAfter: String(seconds)])
        }
        return APIError(.notReady, "The job is \(job.status.rawValue): there will be no transcript.")
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
