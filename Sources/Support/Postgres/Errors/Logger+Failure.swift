import Logging

extension Logger {
    /// Tells of something that could not be done. Where the database is away, which its pool tells by an ``Outage``, this is for who looks
    /// closely: a line for each of those who ask would say the same many times a second.
    package func failure(
        _ message: Logger.Message, _ error: any Error, level: Logger.Level = .error, metadata: Logger.Metadata = [:]
    ) {
        log(
            level: (error as? PostgresError)?.isReported == true ? .debug : level, message,
            metadata: metadata.merging(["error": "\(error)"]) { $1 })
    }
}
