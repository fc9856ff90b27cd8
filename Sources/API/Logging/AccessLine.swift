import Logging

/// One line of the access log, written when a request's answer is known.
struct AccessLine {
    static let message = "Request"
    /// Lines a minute for callers who are not authenticated: of one network, and of all.
    static let perNetwork = 120
    static let total = 1_200

    let start: ContinuousClock.Instant
    let method: String
    var path: String
    let logger: Logger
    /// Asked when the line is due: by then it is known who called.
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
