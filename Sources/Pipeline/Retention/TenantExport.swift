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

    /// Exports the transcripts in the form in which the API returns them, with one in memory at a time.
    private func forEachTranscript(in transaction: PostgresTransaction, _ body: (String) throws -> Void) throws {
        var last = ""
        while let (job, stored) = try transcript(after: last, in: transaction) {
            last = job
            var json = JSONWriter(capacity: 1_024)
            let words = String(decoding: try stored.decoded().rendered(as: .json), as: UTF8.self)
            json.object { json in
                json.key("type")
                json.string("transcript")
                json.key("job_id")
                json.string(job)
                json.key("transcript")
                json.raw(words)
            }
            try body(json.text)
        }
    }

    /// The rows of one type.
    struct Section {
        let type: String
        /// The columns become the members of each object. Times are in the session's time zone.
        let rows: PostgresQuery
    }
}
