import Logging

extension Logger {
    /// Logs that something failed. If that is because the database does not answer, which its pool logs as an ``Outage``, the line is written
    /// at debug level. Otherwise every caller would log the same, many times a second.
    package func failure(
        _ message: Logger.Message, _ error: any Error, level: Logger.Level = .error, metadata: Logger.Metadata = [:]
    ) {
        log(
            level: (error as? PostgresError)?.isReported == true ? .debug : level, message,
            metadata: metadata.merging(["error": "\(error)"]) { $1 })
    }
}
