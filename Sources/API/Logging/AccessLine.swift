import Logging

/// One line of the access log, written when a request's answer is known.
struct AccessLine {
    static let message = "Request"
    /// The maximum number of lines a minute for callers who are not authenticated: for one network, and for all networks together.
    static let perNetwork = 120
    static let total = 1_200

    let start: ContinuousClock.Instant
    let method: String
    var path: String
    let logger: Logger
    /// Whether to write the line. It is called after the request, when it is known who the caller is.
    let isWanted: @Sendable () -> Bool

    func routed(_ path: String) -> Self {
        var line = self
        line.path = path
        return line
    }

    func write(status: Int, in bytesIn: Int, out bytesOut: Int) {
        guard isWanted() else { return }
        let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        logger.info(
            "\(Self.message)",
            metadata: [
                "method": "\(method)", "path": "\(path)", "status": .stringConvertible(status),
                "bytes_in": .stringConvertible(bytesIn), "bytes_out": .stringConvertible(bytesOut),
                "ms": .stringConvertible((milliseconds * 10).rounded() / 10),
            ])
    }
}
