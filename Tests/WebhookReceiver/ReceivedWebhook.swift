import Foundation

/// A request that a receiver got.
package struct ReceivedWebhook: Sendable {
    package let method: String
    package let path: String
    /// By name, in lower case.
    package let headers: [String: String]
    package var body: [UInt8]

    package var id: String { headers["webhook-id"] ?? "" }

    /// A text member of the body.
    package func text(_ name: String) -> String? {
        (try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])?[name] as? String
    }
}

/// What a receiver does with a request.
package enum ReceiverResponse: Sendable {
    case status(Int, headers: [String: String] = [:], bodyBytes: Int = 0)
    /// No answer, ever: the connection stays open until the sender ends it.
    case hang
    /// 200 and a header; then a body that never ends.
    case endlessBody
    case reset
    /// The connection ends without an answer.
    case close
    /// Sends these bytes, then ends the connection, with a reset if `resets`.
    case raw([UInt8], resets: Bool = false)
    /// Something that is not HTTP.
    case noise

    package static let ok = ReceiverResponse.status(200)
}
