import HTTPTypes
import NIOCore
import NIOHTTP1

/// What the connection guard knows of the one request in progress on its connection.
struct GuardedExchange {
    let requestID: RequestIdentifier
    let isHead: Bool
    /// The client speaks HTTP/1.0: no chunks, no `100 Continue`, and the connection closes unless the client asks to keep it.
    let isOld: Bool
    /// The client waits for `100 Continue`, and neither that nor any byte of the body has been sent.
    var awaitsContinue: Bool
    /// The connection closes after this exchange.
    var closes: Bool
    /// From `Content-Length`, in bytes; nil for a chunked body.
    let declaredBytes: Int64?
    var receivedBytes: Int64 = 0
    var requestComplete = false
    var responseStarted = false
    var responseEnded = false

    // The body as a whole.
    /// Nil before its first bytes and after its last ones.
    var bodyShare: BodyBuffers.Share?
    var bodyStart: NIODeadline?
    /// Nanoseconds before the current rate window in which we did not read.
    var pausedBefore: Int64 = 0

    // The current rate window.
    var windowBytes: Int64 = 0
    var windowStart: NIODeadline?
    var pausedSince: NIODeadline?
    var pausedNanoseconds: Int64 = 0

    init(_ head: HTTPRequest, version: HTTPVersion, requestID: RequestIdentifier) {
        let fields = head.headerFields
        self.requestID = requestID
        isHead = head.method == .head
        isOld = version.isOld
        awaitsContinue = !isOld && fields[.expect]?.lowercased() == "100-continue"
        declaredBytes = fields[.contentLength].flatMap { Int64($0) }
        // After an upgrade or a tunnel request the parser reads no further request from the connection.
        closes =
            Self.asks(fields, for: "close") || isOld && !Self.asks(fields, for: "keep-alive")
            || fields.contains(.upgrade) || head.method == .connect
    }

    /// Whether the unread rest is small enough to be read and dropped, and the client is sure to send it.
    func isDrainable(_ limit: Int64) -> Bool {
        guard !awaitsContinue, let declaredBytes else { return false }
        return declaredBytes - receivedBytes <= limit
    }

    /// Nanoseconds of the current window in which we did not read.
    func paused(until now: NIODeadline) -> Int64 {
        pausedNanoseconds + (pausedSince.map { (now - $0).nanoseconds } ?? 0)
    }

    /// Whether the body took too long, or is behind the even pace at which it would arrive in time.
    func isOverdue(_ now: NIODeadline, _ settings: ConnectionGuardSettings) -> Bool {
        guard let bodyStart else { return false }
        let elapsed = (now - bodyStart).nanoseconds - pausedBefore - paused(until: now)
        if elapsed > settings.bodyTime.nanoseconds { return true }
        guard let declaredBytes, elapsed > settings.bodyGrace.nanoseconds else { return false }
        let span = max(1, settings.bodyTime.nanoseconds - settings.bodyGrace.nanoseconds)
        let due = Double(declaredBytes) * Double(elapsed - settings.bodyGrace.nanoseconds) / Double(span)
        return Double(receivedBytes) < due
    }

    /// Whether `Connection` has that option.
    static func asks(_ fields: HTTPFields, for wanted: String) -> Bool {
        fields[values: .connection].contains { value in
            value.split(separator: ",").contains { option in
                option.lowercased().split(whereSeparator: { $0 == " " || $0 == "\t" }) == [Substring(wanted)]
            }
        }
    }
}
