import Foundation
import Postgres
import Tenancy

/// What a customer asks for that changes the words of a transcript. Only this type writes to the table `word_options`.
///
/// `Codable` is the stored form. Its names are those of the API.
package struct WordOptions: Sendable, Equatable, Codable {
    /// How many key terms, and how many replacements.
    package static let most = 200
    /// Of a key term, and of each text of a replacement, in characters (code points, as JSON Schema counts them).
    package static let longest = 100
    /// Of a key term, and of a text to replace, in words.
    package static let mostWords = 6
    /// Of what a replacement writes, in words.
    package static let mostWordsWritten = 12
    /// How many texts one replacement may replace.
    package static let mostFrom = 20
    package static let languageCounts = 1...10

    /// What the recognizer should know: names, products, abbreviations.
    package var keyTerms: [String] = []
    /// In the order in which they are made.
    package var replacements: [WordReplacement] = []
    /// What is masked, each kind once.
    package var redact: [RedactionKind] = []
    /// Of a language that is detected, those that it may be; empty: any.
    package var languages: [String] = []

    package init() {}

    // What is missing was not asked for, so that older rows decode when there is more to ask for.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        keyTerms = try values.decodeIfPresent([String].self, forKey: .keyTerms) ?? []
        replacements = try values.decodeIfPresent([WordReplacement].self, forKey: .replacements) ?? []
        redact = try values.decodeIfPresent([RedactionKind].self, forKey: .redact) ?? []
        languages = try values.decodeIfPresent([String].self, forKey: .languages) ?? []
    }

    package var isEmpty: Bool { self == WordOptions() }

    private enum CodingKeys: String, CodingKey {
        case keyTerms = "key_terms"
        case replacements, redact, languages
    }
}

/// Texts that are written in another way after recognition.
package struct WordReplacement: Sendable, Equatable, Codable {
    /// Whole words, in any case.
    package let from: [String]
    package let to: String

    package init(from: [String], to: String) {
        self.from = from
        self.to = to
    }
}

extension WordOptions {
    /// Returns what the job's customer asked for.
    package static func find(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Self {
        let text = try transaction.first(
            "SELECT options::text FROM word_options WHERE tenant_id = \(tenant) AND job_id = \(job)", as: String.self)
        return try text.map { try JSONDecoder().decode(WordOptions.self, from: Data($0.utf8)) } ?? WordOptions()
    }

    /// Stores them for a new job, unless they are empty.
    func insert(for job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        if isEmpty { return }
        let options = String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
        try transaction.execute(
            "INSERT INTO word_options (tenant_id, job_id, options) VALUES (\(tenant), \(job), \(options)::json)")
    }

    /// Deletes what a job's customer asked for.
    static func remove(of job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute("DELETE FROM word_options WHERE tenant_id = \(tenant) AND job_id = \(job)")
    }
}
