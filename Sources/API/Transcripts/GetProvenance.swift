import HTTPTypes
import Hummingbird
import Pipeline
import Postgres
import Tenancy

/// `GET /jobs/{id}/provenance`: the signed record of where a transcript came from. It outlives the recording and the transcript.
struct GetProvenance: Sendable {
    let databases: Databases

    @Sendable
    func handle(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let revision = try Self.revision(request)
        let job = try await GetJob.find(context, databases)
        guard job.status == .completed else { throw GetTranscript.notReady(job) }
        let record = try await databases.app.transaction(of: job.tenant) {
            try ProvenanceRecord.find(revision: revision, of: job.id, tenant: job.tenant, in: $0)
        }
        guard let record else {
            throw APIError.notFound(
                revision.map { "There is no provenance record of revision \($0)." }
                    ?? "There is no provenance record: the job was completed before there were any.")
        }
        return Response(
            status: .ok, headers: [.contentType: "application/jose", .cacheControl: "private, no-cache"],
            body: .init(byteBuffer: ByteBuffer(string: record + "\n")))
    }

    /// Returns the number of a revision; nil: the latest one.
    private static func revision(_ request: Request) throws -> Int? {
        switch request.uri.queryParameters["revision"] {
        case nil, "latest": return nil
        case "original": return 0
        case let text?:
            guard let number = Int(wholeNumber: text), (0...99_999).contains(number) else {
                throw APIError.invalidRequest("'revision' must be original, latest or a number.", field: "revision")
            }
            return number
        }
    }
}
