import Logging
import Synchronization

/// A log handler that keeps everything, so that a test can read it.
package final class CapturedLog: LogHandler, Sendable {
    package struct Entry: Sendable {
        package let level: Logger.Level
        package let message: String
        package let metadata: [String: String]
    }

    private let kept = Mutex<(entries: [Entry], lines: [String])>(([], []))

    package var entries: [Entry] { kept.withLock { $0.entries } }
    /// One line per entry: the message, then the metadata.
    package var text: String { kept.withLock { $0.lines.joined(separator: "\n") } }

    package init() {}

    package func log(event: LogEvent) {
        let metadata = event.metadata ?? [:]
        kept.withLock { kept in
            kept.entries.append(
                Entry(level: event.level, message: "\(event.message)", metadata: metadata.mapValues { "\($0)" }))
            kept.lines.append("\(event.message) \(metadata)")
        }
    }

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

extension Logger {
    /// Discards everything.
    package static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
