// The limits of one request. There is no request without limits.

package struct EgressLimits: Sendable, Equatable {
    /// The time from the call to the last byte of the response, including waiting in line and redirects.
    package var total: Duration
    /// The time for name resolution, connecting and the TLS handshake together, for each connection.
    package var connect: Duration
    /// Nil: a server may be silent until `total` is over, as an engine is while it works.
    package var minimumRate: EgressRate?
    /// The size of the response's body.
    package var responseBytes: Int

    package init(total: Duration, connect: Duration, minimumRate: EgressRate? = nil, responseBytes: Int) {
        self.total = total
        self.connect = connect
        self.minimumRate = minimumRate
        self.responseBytes = responseBytes
    }
}

/// How many body bytes must move, in either direction, in each period of length `over`, once connected. Periods follow one
/// another, so a stalled request ends after at most twice that time.
package struct EgressRate: Sendable, Equatable {
    package var bytesPerSecond: Int
    package var over: Duration

    package init(bytesPerSecond: Int, over: Duration) {
        self.bytesPerSecond = bytesPerSecond
        self.over = over
    }
}
