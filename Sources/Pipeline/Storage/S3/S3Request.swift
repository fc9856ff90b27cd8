import Egress

/// A call to the store.
struct S3Request: Sendable {
    let method: String
    /// The store's name of the object; empty for the bucket.
    var key = ""
    var query: [(name: String, value: String)] = []
    var headers: [(name: String, value: String)] = []
    var body = EgressBody.none
    /// The SHA-256 of the body in hexadecimal, if it is already known.
    var bodyHash: String?
    /// How many bytes are transferred, in either direction. The time-out grows with them.
    var bytes: Int64 = 0
    /// How long the call may take besides the transfer.
    var timeout = Duration.seconds(60)
    /// False for a health check, which does not wait for transfers of recordings.
    var waitsInLine = true
    /// The maximum size of the response, in bytes.
    var answerLimit = 1 << 20

    init(_ method: String, _ key: String = "", query: [(name: String, value: String)] = []) {
        self.method = method
        self.key = key
        self.query = query
    }

    /// The call's limits: a second for each 64 KiB. A stalled transfer ends sooner.
    var limits: EgressLimits {
        EgressLimits(
            total: timeout + .seconds(bytes / 65_536), connect: .seconds(10),
            minimumRate: bytes > 1 << 20 ? EgressRate(bytesPerSecond: 4096, over: .seconds(60)) : nil,
            responseBytes: answerLimit)
    }
}
