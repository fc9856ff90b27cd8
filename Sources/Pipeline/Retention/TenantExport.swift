import JSON
import Postgres
import Tenancy

/// Everything that is stored about an account, for its customer, as JSON Lines. Each line is an object; its `type` says what it is.
///
/// It contains no secrets, no hashes of secrets, and no names of operators.
package struct TenantExport: Sendable {
    let tenant: TenantID

    package init(of tenant: TenantID) { self.tenant = tenant }

    /// Calls `body` with each line, without its line end. Lines are read page by page, so an account may be larger than the memory. To see one
    /// snapshot, the transaction must be repeatable read. Operators only.
    package func forEachLine(in transaction: PostgresTransaction, _ body: (String) throws -> Void) throws {
        for section in sections {
            try forEachLine(of: section, in: transaction, body)
            if section.type == "job" { try forEachTranscript(in: transaction, body) }
        }
    }

    /// Exports the transcripts in the form in which the API returns them, with one in memory at a time. One that was corrected comes twice: as it
    /// was recognized, and as it is now.
    private func forEachTranscript(in transaction: PostgresTransaction, _ body: (String) throws -> Void) throws {
        var last = ""
        while let (job, stored) = try transcript(after: last, in: transaction) {
            last = job.rawValue
            let transcript = try stored.decoded()
            try body(Self.line("transcript", of: job, transcript.original.rendered(as: .json)))
            guard stored.revision > 0 else { continue }
            let corrected = transcript.latest.rendered(as: .json, revision: stored.revision)
            try body(Self.line("corrected_transcript", of: job, corrected))
        }
    }

    private static func line(_ type: String, of job: JobID, _ transcript: [UInt8]) -> String {
        var json = JSONWriter(capacity: 128 + transcript.count)
        json.object { json in
            json.key("type")
            json.string(type)
            json.key("job_id")
            json.string(job.rawValue)
            json.key("transcript")
            json.raw(String(decoding: transcript, as: UTF8.self))
        }
        return json.text
    }

    /// The rows of one type.
    struct Section {
        let type: String
        /// The columns become the members of each object. Times are in the session's time zone.
        let rows: PostgresQuery
    }
}
