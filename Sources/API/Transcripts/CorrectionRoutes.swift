import HTTPTypes
import Hummingbird
import JSON
import Pipeline
import Postgres
import Tenancy

/// Corrections of a transcript: `PATCH /jobs/{id}/transcript`, `GET /jobs/{id}/revisions`.
///
/// The original never changes. Who corrects names the version that was read (`If-Match`), so that nobody overwrites what somebody else has
/// corrected meanwhile.
struct CorrectionRoutes: Sendable {
    private static let mostEdits = 1_000
    private static let bodyLimit = 1 << 20

    let databases: Databases
    let renderer: TranscriptRenderer
    let provenance: ProvenanceKeys
    /// The URL at which customers reach the service.
    let publicURL: String?

    private struct Body: Decodable {
        struct Edit: Decodable {
            let segment: Int
            let text: String?
            let speaker: String?
        }

        let edits: [Edit]
    }

    @Sendable
    func correct(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let job = try await GetJob.find(context, databases)
        guard let versions = request.headers[.ifMatch] else {
            throw APIError(
                .preconditionRequired,
                "Name the version that you correct: send the ETag of GET /jobs/{id}/transcript as If-Match.")
        }
        let body = try await JSONBody.decode(Body.self, from: request, limitBytes: Self.bodyLimit)
        let edits = try Self.edits(body)
        guard job.status == .completed else { throw GetTranscript.notReady(job) }
        let tenant = job.tenant
        let stored = try await databases.app.transaction(of: tenant, isolation: .repeatableRead) {
            try StoredTranscript.findLatest(job.id, of: tenant, in: $0)
        }
        guard let stored else { throw GetTranscript.deleted }
        let change = try await Self.answering {
            try await renderer.answering(for: job.tenant, bytes: stored.bytes) {
                guard TranscriptTag(stored).isNamed(in: versions) else { throw TranscriptRevision.Stale() }
                let change = try stored.decoded().applying(edits)
                return (
                    segments: try change.stored(), json: change.json(),
                    subject: ProvenanceRecord.Subject(change.result.latest)
                )
            }
        }
        guard !change.segments.isEmpty else { return Self.answer(stored, change.json) }
        let principal = context.principal
        let key = try await provenance.signing()
        let number = try await Self.answering {
            try await databases.app.transaction(of: tenant) { transaction in
                let number = try TranscriptRevision.add(
                    change.segments, to: job.id, of: tenant, after: stored.revision, by: principal.submitter,
                    in: transaction)
                guard let number else { return Int?.none }
                try ProvenanceRecord.add(
                    revision: number, of: change.subject, job: job.id, tenant: tenant,
                    correctedBy: principal.submitter, issuer: publicURL, signedBy: key, in: transaction)
                try AuditEntry(
                    by: principal, action: "transcript correct", target: job.id.rawValue,
                    details: ["revision": "\(number)", "segments": "\(change.segments.count)"]
                ).record(in: transaction)
                return number
            }
        }
        guard let number else { throw GetTranscript.deleted }
        return Self.answer(stored.numbered(number), change.json)
    }

    @Sendable
    func list(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let asked = try PageRequest(request, cursor: Self.revision)
        let job = try await GetJob.find(context, databases)
        guard job.status == .completed else { throw GetTranscript.notReady(job) }
        let found = try await databases.app.transaction(of: job.tenant) { transaction in
            guard try StoredTranscript.exists(job.id, of: job.tenant, in: transaction) else {
                throw GetTranscript.deleted
            }
            return try TranscriptRevision.list(
                of: job.id, job.tenant, after: asked.cursor ?? 0, limit: asked.limit + 1, in: transaction)
        }
        let revisions = found.prefix(asked.limit)
        var json = JSONWriter(capacity: 160 * (revisions.count + 1))
        json.object { json in
            json.key("revisions")
            json.array(revisions) { json, revision in
                json.object { json in
                    json.key("revision")
                    json.integer(revision.number)
                    json.key("created_at")
                    json.string(revision.createdAt.rfc3339)
                    json.key("segments")
                    json.integer(revision.segments)
                    json.key("key_id")
                    json.string(revision.submitter?.key?.rawValue)
                    json.key("member_id")
                    json.string(revision.submitter?.member?.rawValue)
                }
            }
            json.key("next_cursor")
            json.string(found.count > asked.limit ? revisions.last.map { "\($0.number)" } : nil)
        }
        return JSONResponse.make(json.bytes)
    }

    private static func revision(_ text: String) -> Int? {
        Int(wholeNumber: text[...]).flatMap { (0...99_999).contains($0) ? $0 : nil }
    }

    private static func edits(_ body: Body) throws -> [TranscriptEdit] {
        guard (1...mostEdits).contains(body.edits.count) else {
            throw APIError.invalidRequest("Send 1 to \(mostEdits) edits.", field: "edits")
        }
        return try body.edits.enumerated().map { number, edit in
            switch (edit.text, edit.speaker) {
            case (let text?, nil):
                guard text.count <= Transcript.Segment.longestText else {
                    throw APIError.invalidRequest(
                        "The text must have at most \(Transcript.Segment.longestText) characters.",
                        field: "edits[\(number)].text")
                }
                return TranscriptEdit(segment: edit.segment, change: .text(text))
            case (nil, let speaker?):
                return TranscriptEdit(segment: edit.segment, change: .speaker(speaker))
            default:
                throw APIError.invalidRequest("An edit has either 'text' or 'speaker'.", field: "edits[\(number)]")
            }
        }
    }

    private static func answer(_ stored: StoredTranscript, _ segments: [UInt8]) -> Response {
        var json = JSONWriter(capacity: 64 + segments.count)
        json.object { json in
            json.key("revision")
            json.integer(stored.revision)
            json.key("segments")
            json.raw(String(decoding: segments, as: UTF8.self))
        }
        return JSONResponse.make(
            json.bytes, headers: [.eTag: TranscriptTag(stored).text(of: .json, speakers: nil)])
    }

    private static func answering<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch is TranscriptRevision.Stale {
            throw APIError(
                .preconditionFailed,
                "The transcript was corrected since you read it. Read it again, and repeat your correction.")
        } catch is TranscriptRevision.TooMany {
            throw APIError(
                .limitReached, "This transcript has the most corrections that it can have.",
                details: ["limit": .number(Int64(TranscriptRevision.most))])
        } catch TranscriptEdit.Refusal.noSegment(let edit) {
            throw APIError.invalidRequest(
                "The transcript has no such segment. Segments are counted from 0.", field: "edits[\(edit)].segment")
        } catch TranscriptEdit.Refusal.noSpeaker(let edit) {
            throw APIError.invalidRequest(
                "The transcript has no such speaker. Name one that it has, or the next new one.",
                field: "edits[\(edit)].speaker")
        }
    }
}
