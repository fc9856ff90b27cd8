import HTTPTypes
import Hummingbird
import JSON
import Pipeline
import Postgres
import Tenancy

/// Names of a transcript's speakers: `GET` and `PUT /jobs/{id}/speakers`. Both answer with every speaker's name, or null.
struct SpeakerRoutes: Sendable {
    /// More than a transcript has speakers.
    private static let mostNames = 100

    let databases: Databases
    let renderer: TranscriptRenderer

    @Sendable
    func get(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let (job, speakers) = try await find(context)
        let names = try await databases.app.transaction(of: job.tenant) {
            try SpeakerNames.find(of: job.id, job.tenant, in: $0)
        }
        return Self.answer(speakers, names)
    }

    @Sendable
    func name(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        try await requireJob(context)
        let body = try await JSONBody.decode([String: String?].self, from: request, limitBytes: 64 << 10)
        guard body.count <= Self.mostNames else {
            throw APIError.invalidRequest("Name at most \(Self.mostNames) speakers at once.")
        }
        let (job, speakers) = try await find(context)
        let principal = context.principal
        var changes: [String: String?] = [:]
        for (speaker, name) in body {
            guard speakers.contains(speaker) else {
                throw APIError.invalidRequest(
                    "The transcript has no such speaker.", field: speaker.count <= 40 ? speaker : nil)
            }
            changes.updateValue(try name.map { try Self.checked($0, of: speaker) }, forKey: speaker)
        }
        let names = try await databases.app.transaction(of: job.tenant) { [changes] transaction in
            guard try SpeakerNames.change(changes, of: job.id, job.tenant, in: transaction) else {
                throw GetTranscript.deleted
            }
            if !changes.isEmpty {
                // Without the names, which are people's.
                try AuditEntry(
                    by: principal, action: "speakers name", target: job.id.rawValue,
                    details: ["speakers": changes.keys.sorted().joined(separator: " ")]
                ).record(in: transaction)
            }
            return try SpeakerNames.find(of: job.id, job.tenant, in: transaction)
        }
        return Self.answer(speakers, names)
    }

    /// Throws 404 before the body is read.
    private func requireJob(_ context: AuthenticatedContext) async throws {
        _ = try await GetJob.find(context, databases)
    }

    /// Returns the job that the path names, and its speakers: those of the original, and those that corrections have added.
    private func find(_ context: AuthenticatedContext) async throws -> (Job, [String]) {
        let job = try await GetJob.find(context, databases)
        guard job.status == .completed else { throw GetTranscript.notReady(job) }
        let stored = try await databases.app.transaction(of: job.tenant, isolation: .repeatableRead) {
            try StoredTranscript.findLatest(job.id, of: job.tenant, in: $0)
        }
        guard let stored else { throw GetTranscript.deleted }
        // Also those that have a name and speak no more.
        let named = try await databases.app.transaction(of: job.tenant) {
            try SpeakerNames.find(of: job.id, job.tenant, in: $0)
        }.names.keys.sorted()
        let speakers = try await renderer.answering(for: job.tenant, bytes: stored.bytes) {
            let transcript = try stored.decoded()
            var seen: Set<String> = []
            return (transcript.original.speakers + transcript.latest.speakers + named).filter {
                seen.insert($0).inserted
            }
        }
        return (job, speakers)
    }

    private static func checked(_ name: String, of speaker: String) throws -> String {
        do {
            return try PlainName(name, longest: SpeakerNames.longest).text
        } catch {
            throw APIError.invalidRequest(
                "A name must have 1 to \(SpeakerNames.longest) characters, without line ends and invisible characters.",
                field: speaker)
        }
    }

    private static func answer(_ speakers: [String], _ names: SpeakerNames) -> Response {
        var json = JSONWriter(capacity: 64 * (speakers.count + 1))
        json.object { json in
            for speaker in speakers {
                json.key(escaping: speaker)
                json.string(names.names[speaker])
            }
        }
        return JSONResponse.make(json.bytes)
    }
}
