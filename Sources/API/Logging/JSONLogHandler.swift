import Glibc
import Logging
import Postgres
import Synchronization

/// A log handler that writes one JSON object a line: `timestamp` (RFC 3339, UTC, milliseconds), `level`, `label`,
/// `message`, and `metadata` where there is any.
///
/// Lines of concurrent callers never mix, and nothing that is logged can start a line of its own. A line that cannot
/// be written is lost: logging never fails its caller.
package struct JSONLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let descriptor: Int32

    /// One lock for the process: all handlers write to the same place.
    private static let turn = Mutex<Void>(())

    /// - Parameter descriptor: an open file descriptor; standard error except in tests.
    package init(label: String, level: Logger.Level = .info, descriptor: Int32 = STDERR_FILENO) {
        self.label = label
        self.descriptor = descriptor
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = JSONLine()
        line.add("timestamp", Timestamp.now().rfc3339)
        line.add("level", event.level.rawValue)
        line.add("label", label)
        line.add("message", event.message.description)
        var all = metadataProvider?.get() ?? [:]
        all.merge(metadata) { $1 }
        all.merge(event.metadata ?? [:]) { $1 }
        if let error = event.error { all["error"] = "\(error)" }
        if !all.isEmpty { line.add("metadata", .dictionary(all)) }
        let bytes = line.finish()
        Self.turn.withLock { _ in Self.write(bytes, to: descriptor) }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return }
                rest = rest.dropFirst(written)
            }
        }
    }
}
