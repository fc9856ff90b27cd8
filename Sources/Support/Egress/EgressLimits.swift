// What one request may cost. There is no request without limits.

package struct EgressLimits: Sendable, Equatable {
    /// From the call to the last byte of the answer: waiting for a turn, redirects and everything else included.
    package var total: Duration
    /// For the name's resolution, the connection and the TLS handshake together, for each connection made.
    package var connect: Duration
    /// nil: a server may be silent until `total` runs out, as an engine is while it works.
    package var minimumRate: EgressRate?
    /// Of the answer's body.
    package var responseBytes: Int

    package init(total: Duration, connect: Duration, minimumRate: EgressRate? = nil, responseBytes: Int) {
        self.total = total
        self.connect = connect
        self.minimumRate = minimumRate
        self.responseBytes = responseBytes
    }
}

/// The body bytes that must move, in either direction, in each stretch of `over` once connected. Stretches follow one
/// another, so a stall ends the request after at most twice that time.
package struct EgressRate: Sendable, Equatable {
    package var bytesPerSecond: Int
    package var over: Duration

    package init(bytesPerSecond: Int, over: Duration) {
        self.bytesPerSecond = bytesPerSecond
        self.over = over
    }
}
