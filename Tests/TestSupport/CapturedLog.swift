import Logging
import Synchronization

/// Keeps what is logged, metadata too.
package final class CapturedLog: LogHandler, Sendable {
    private let lines = Mutex<[String]>([])

    package var text: String { lines.withLock { $0.joined(separator: "\n") } }

    package init() {}

    package func log(event: LogEvent) { lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") } }

    package subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set { _ = newValue }
    }

    package var metadata: Logger.Metadata {
        get { [:] }
        set { _ = newValue }
    }

    package var logLevel: Logger.Level {
        get { .trace }
        set { _ = newValue }
    }
}
