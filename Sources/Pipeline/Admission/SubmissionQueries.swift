import Billing
import Postgres

extension Submission {
    func insert(in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO jobs (
                tenant_id, id, diarize, language_requested, speakers_expected, metadata, max_duration_ms,
                source_type, source_name, source_bytes, estimated_ms, source_channels, source_key)
            VALUES (
                \(tenant), \(id), \(options.diarize), \(options.language.text), \(options.speakersExpected),
                \(options.metadata), \(allowance.maxDurationSeconds * 1000),
                'upload', \(fileName), \(bytes), \(estimatedMilliseconds), \(channels),
                \(sourceKey.path))
            """)
    }
}
