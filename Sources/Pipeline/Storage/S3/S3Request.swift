import Egress

/// One call to the store, as its caller states it.
struct S3Request: Sendable {
    let method: String
    /// The store's name of the object; empty: the bucket.
    var key = ""
    var query: [(name: String, value: String)] = []
    var headers: [(name: String, value: String)] = []
    var body = EgressBody.none
    /// Of the body, in hexadecimal, where it is known already.
    var bodyHash: String?
    /// Bytes that travel, either way: they have time by their number.
    var bytes: Int64 = 0
    /// How long the store may take over it besides.
    var timeout = Duration.seconds(60)
    /// False: a look at whether the store is well, which stands behind no recording.
    var waitsInLine = true
    /// Of the answer.
    var answerLimit = 1 << 20

    init(_ method: String, _ key: String = "", query: [(name: String, value: String)] = []) {
        self.method = method
        self.key = key
        self.query = query
    }

    /// A second for each 64 KiB; what stands still ends sooner.
    var limits: EgressLimits {
        EgressLimits(
            total: timeout + .seconds(bytes / 65_536), connect: .seconds(10),
            minimumRate: bytes > 1 << 20 ? EgressRate(bytesPerSecond: 4096, over: .seconds(60)) : nil,
            responseBytes: answerLimit)
    }
}
