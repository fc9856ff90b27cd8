import Cryptography
import JSON
import Postgres
import Tenancy

/// The record that says which recording, which model and which hand a transcript came from: a JWS (ES256) that anybody can verify with our public keys,
/// also when recording, transcript and account are gone. Each revision has one, made in the transaction that makes the revision.
///
/// Only this type writes to the table `provenance_records`.
package struct ProvenanceRecord: Sendable {
    /// What a transcript is, and what makes it another one.
    package struct Subject: Sendable {
        let transcript: Transcript
        /// SHA-256 of the canonical form.
        let digest: [UInt8]

        /// Computes the digest, which takes a while if the transcript is long.
        package init(_ transcript: Transcript) {
            digest = CanonicalTranscript.digest(of: transcript)
            self.transcript = transcript
        }
    }

    /// Signs and stores the record of a revision.
    ///
    /// - Parameters:
    ///   - revision: 0: as it was recognized.
    ///   - author: who corrected it; nil if nobody did.
    ///   - issuer: the URL at which customers reach the service.
    package static func add(
        revision: Int = 0, of subject: Subject, job: JobID, tenant: TenantID, correctedBy author: Submitter? = nil,
        issuer: String?, signedBy key: ProvenanceKey, in transaction: PostgresTransaction
    ) throws {
        guard let facts = try Facts.load(job, of: tenant, in: transaction) else { return }
        let payload = payload(revision, subject, facts, job, author, issuer)
        try transaction.execute(
            """
            INSERT INTO provenance_records (tenant_id, job_id, revision, record)
            VALUES (\(tenant), \(job), \(revision), \(try key.sign(payload)))
            """)
    }

    /// Returns the record of a revision; nil: of the latest one. Nil if there is none.
    package static func find(
        revision: Int?, of job: JobID, tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> String? {
        try transaction.first(
            """
            SELECT record FROM provenance_records
            WHERE tenant_id = \(tenant) AND job_id = \(job) AND (\(revision)::int IS NULL OR revision = \(revision))
            ORDER BY revision DESC LIMIT 1
            """, as: String.self)
    }

    /// Deletes all records of a job.
    static func remove(of job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            "DELETE FROM provenance_records WHERE tenant_id = \(tenant) AND job_id = \(job)")
    }

    /// What the job's row says.
    private struct Facts {
        let sourceDigest: [UInt8]?
        let sourceBytes: Int64?
        let samples: Int64?
        let submitter: Submitter?
        let submittedAt: Timestamp
        let completedAt: Timestamp?
        let language: String
        let diarize: Bool
        let speakers: SpeakerCount
        let words: WordOptions
        let now: Timestamp

        static func load(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws -> Facts? {
            try transaction.query(
                """
                SELECT source_sha256, source_bytes, samples_total, key_id, created_at, completed_at, language_requested, diarize,
                    speakers_expected, speakers_min, speakers_max, now()
                FROM jobs WHERE tenant_id = \(tenant) AND id = \(job)
                """
            ).first.map { row in
                Facts(
                    sourceDigest: try row.value("source_sha256", [UInt8]?.self),
                    sourceBytes: try row.value("source_bytes", Int64?.self),
                    samples: try row.value("samples_total", Int64?.self),
                    submitter: try row.value("key_id", Submitter?.self),
                    submittedAt: try row.value("created_at", Timestamp.self),
                    completedAt: try row.value("completed_at", Timestamp?.self),
                    language: try row.value("language_requested", String.self),
                    diarize: try row.value("diarize", Bool.self),
                    speakers: SpeakerCount(
                        expected: try row.value("speakers_expected", Int?.self),
                        least: try row.value("speakers_min", Int?.self),
                        most: try row.value("speakers_max", Int?.self)),
                    words: try WordOptions.find(job, of: tenant, in: transaction),
                    now: try row.value("now", Timestamp.self))
            }
        }
    }

    private static func payload(
        _ revision: Int, _ subject: Subject, _ facts: Facts, _ job: JobID, _ author: Submitter?, _ issuer: String?
    ) -> [UInt8] {
        let transcript = subject.transcript
        var json = JSONWriter(capacity: 1_024)
        json.object { json in
            if let issuer {
                json.key("iss")
                json.string(issuer)
            }
            json.key("iat")
            json.integer(Int(facts.now.milliseconds / 1_000))
            json.key("job_id")
            json.string(job.rawValue)
            json.key("revision")
            json.integer(revision)
            json.key("corrected_by")
            json.submitter(author)
            json.key("transcript")
            json.object { json in
                json.key("sha256")
                json.string(subject.digest.hexadecimal)
            }
            json.key("source")
            json.object { json in
                json.key("sha256")
                json.string(facts.sourceDigest?.hexadecimal)
                json.key("bytes")
                json.integer(facts.sourceBytes.map(Int.init))
                json.key("decoded_seconds")
                json.seconds(facts.samples.map(Samples.milliseconds) ?? 0)
            }
            json.key("engine")
            json.string(transcript.engine)
            json.key("model")
            json.string(transcript.model)
            json.key("fallback")
            if let fallback = transcript.fallback {
                json.object { json in
                    json.key("from")
                    json.string(fallback.from)
                    json.key("reason")
                    json.string(fallback.reason)
                    json.key("chunks")
                    json.integer(fallback.chunks)
                }
            } else {
                json.null()
            }
            json.key("diarization")
            json.string(transcript.diarization)
            json.key("language")
            json.string(transcript.language)
            json.key("settings")
            json.object { json in
                json.key("language")
                json.string(facts.language)
                json.key("diarize")
                json.flag(facts.diarize)
                json.key("speakers_expected")
                json.integer(facts.speakers.expected)
                json.key("speakers_min")
                json.integer(facts.speakers.least)
                json.key("speakers_max")
                json.integer(facts.speakers.most)
                json.key("languages")
                json.array(facts.words.languages) { $0.string($1) }
                json.key("key_terms")
                json.array(facts.words.keyTerms) { $0.string($1) }
                json.key("replacements")
                json.array(facts.words.replacements) { json, replacement in
                    json.object { json in
                        json.key("from")
                        json.array(replacement.from) { $0.string($1) }
                        json.key("to")
                        json.string(replacement.to)
                    }
                }
                json.key("redact")
                json.array(facts.words.redact) { $0.string($1.rawValue) }
            }
            json.key("submitted_by")
            json.submitter(facts.submitter)
            json.key("submitted_at")
            json.string(facts.submittedAt.rfc3339)
            json.key("completed_at")
            json.string(facts.completedAt?.rfc3339)
        }
        return json.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func submitter(_ submitter: Submitter?) {
        guard let submitter else { return null() }
        object { json in
            switch submitter {
            case .key(let key):
                json.key("key_id")
                json.string(key.rawValue)
            case .member(let member):
                json.key("member_id")
                json.string(member.rawValue)
            }
        }
    }
}
