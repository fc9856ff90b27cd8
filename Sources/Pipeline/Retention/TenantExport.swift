import JSON
import Postgres
import Tenancy

/// All that is held about an account, for its customer: JSON Lines, each an object whose `type` says what it is.
///
/// Never a secret, nor what secrets are checked against; and not who of the operators did what.
package struct TenantExport: Sendable {
    let tenant: TenantID

    package init(of tenant: TenantID) { self.tenant = tenant }

    /// Calls `body` with each line, without its end. They come in pages, so an account may be larger than the memory; for one picture of it
    /// all the transaction must be repeatable read. For the owner of the tables.
    package func forEachLine(in transaction: PostgresTransaction, _ body: (String) throws -> Void) throws {
        for section in sections {
            try forEachLine(of: section, in: transaction, body)
            if section.type == "job" { try forEachTranscript(in: transaction, body) }
        }
    }

    /// The transcripts as the API answers them, one in memory at a time.
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

    /// Rows of one kind.
    struct Section {
        let type: String
        /// Its columns are the members of each object; their times are the session's.
        let rows: PostgresQuery
    }
}
