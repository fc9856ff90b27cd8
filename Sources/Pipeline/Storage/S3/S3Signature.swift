import Cryptography
import Foundation
import Postgres

/// AWS Signature Version 4 for S3, in a header. A pure function of the request.
///
/// libcurl's own implementation is not used, because its rules for queries and headers differ between versions.
package enum S3Signature {
    /// Replaces the hash of a body that TLS protects.
    static let unsignedPayload = "UNSIGNED-PAYLOAD"

    /// Returns the headers to send: the given ones and the signature.
    ///
    /// - Parameters:
    ///   - host: the value of the `Host` header.
    ///   - path: percent-encoded once.
    ///   - query: not encoded.
    ///   - payload: the body's SHA-256 in hexadecimal, or ``unsignedPayload``.
    package static func headers(
        _ method: String, host: String, path: String, query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [], payload: String, credentials: S3Credentials, region: String,
        at now: Timestamp
    ) -> [(name: String, value: String)] {
        let time = stamp(now)
        let date = String(time.prefix(8))
        var fields = headers + [("x-amz-content-sha256", payload), ("x-amz-date", time)]
        if let token = credentials.sessionToken { fields.append(("x-amz-security-token", token)) }
        let signed = (fields + [("host", host)])
            .map { ($0.name.lowercased(), $0.value.trimmingCharacters(in: .whitespaces)) }
            .sorted { $0.0 < $1.0 }
        let names = signed.map(\.0).joined(separator: ";")
        let request = [
            method, path, S3Encoding.query(query), signed.map { "\($0.0):\($0.1)\n" }.joined(), names, payload,
        ].joined(separator: "\n")
        let scope = "\(date)/\(region)/s3/aws4_request"
        let text = ["AWS4-HMAC-SHA256", time, scope, hash(of: Array(request.utf8))].joined(separator: "\n")
        var key = Array("AWS4\(credentials.secretAccessKey)".utf8)
        for part in [date, region, "s3", "aws4_request"] { key = code(part, key) }
        let signature = code(text, key).hexadecimal
        let proof =
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
        return fields + [("Authorization", proof)]
    }

    static func hash(of bytes: [UInt8]) -> String { SHA256.hash(bytes).hexadecimal }

    private static func code(_ text: String, _ key: [UInt8]) -> [UInt8] {
        HMAC.sha256(Array(text.utf8), key: SecretKey(key))
    }

    /// Returns a time in the form `20130524T000000Z`.
    private static func stamp(_ time: Timestamp) -> String {
        time.rfc3339.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
    }
}
