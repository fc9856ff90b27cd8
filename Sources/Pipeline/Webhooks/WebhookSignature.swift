import Cryptography
import Foundation
import Postgres
import Tenancy

/// The header fields with which a receiver verifies that an event is ours: one of our own, and those of Standard Webhooks.
package enum WebhookSignature {
    package static func headers(
        _ id: WebhookEventID, body: [UInt8], secrets: WebhookSecrets, at now: Timestamp
    ) -> [(name: String, value: String)] {
        let seconds = now.milliseconds / 1000
        let both = [secrets.current] + (secrets.next.map { [$0] } ?? [])
        var headers = [
            (name: "webhook-id", value: id.rawValue), (name: "webhook-timestamp", value: "\(seconds)"),
            (
                name: "webhook-signature",
                value: both.map { standard(id, seconds, body, $0) }.joined(separator: " ")
            ),
            (name: "X-Transcription-Signature", value: plain(body, secrets.current)),
        ]
        if let next = secrets.next {
            headers.append((name: "X-Transcription-Signature-Next", value: plain(body, next)))
        }
        return headers
    }

    /// Our own signature, over the body only. The key is the text of the secret, as the customer has it.
    private static func plain(_ body: [UInt8], _ secret: WebhookSecret) -> String {
        HMAC.sha256(body, key: SecretKey(Array(secret.text.utf8))).hexadecimal
    }

    /// The signature of Standard Webhooks, over the event's id, the time and the body, which prevents replays. The key is the decoded secret.
    private static func standard(
        _ id: WebhookEventID, _ seconds: Int64, _ body: [UInt8], _ secret: WebhookSecret
    ) -> String {
        let code = HMAC.sha256(Array("\(id).\(seconds).".utf8) + body, key: SecretKey(secret.bytes))
        return "v1," + Data(code).base64EncodedString()
    }
}
