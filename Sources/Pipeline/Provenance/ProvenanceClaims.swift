import Cryptography
import Foundation
import Tenancy

/// What a provenance record says, read by whoever verifies it.
package struct ProvenanceClaims: Decodable, Sendable {
    package struct TranscriptClaim: Decodable, Sendable {
        package let sha256: String
    }

    package struct SourceClaim: Decodable, Sendable {
        /// Nil if no recording was kept.
        package let sha256: String?
        package let decoded_seconds: Double
    }

    package struct FallbackClaim: Decodable, Sendable {
        package let from: String
    }

    package let job_id, engine, model: String
    package let revision: Int
    package let transcript: TranscriptClaim
    package let source: SourceClaim
    package let fallback: FallbackClaim?
    package let completed_at: String?

    /// Returns the claims of a record, and the key that has signed it. Throws ``ProvenanceFault``.
    ///
    /// - Parameter keys: the keys of the deployment that is said to have signed it.
    package static func verified(
        _ record: String, by keys: [JSONWebKey]
    ) throws(ProvenanceFault) -> (claims: ProvenanceClaims, kid: String) {
        let (payload, kid) = try ProvenanceKey.verified(record, by: keys)
        guard let claims = try? JSONDecoder().decode(ProvenanceClaims.self, from: Data(payload)) else {
            throw .malformed
        }
        return (claims, kid)
    }

    /// Whether this is the transcript of the record, as somebody has downloaded it in JSON. Throws ``CanonicalTranscript/Unreadable``.
    package func agrees(withTranscript json: [UInt8]) throws -> Bool {
        SHA256.hash(try CanonicalTranscript(download: json).bytes).hexadecimal == transcript.sha256
    }

    /// Whether the file at this path is the recording of the record.
    package func agrees(withSource path: String) async throws -> Bool {
        try await FileDigest.sha256(path).hexadecimal == source.sha256
    }
}
