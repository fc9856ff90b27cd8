import Foundation
import Logging
import Settings

/// Where recordings lie: `VERBATIM_STORAGE`.
package enum StorageSetting: Sendable {
    /// An absolute path.
    case folder(String)
    case bucket(S3Settings)

    /// A `file:///…` or `s3://…` URL, with the settings that belong to it; nil when something is wrong, which is reported.
    package static func read(_ reader: SettingsReader) -> StorageSetting? {
        let text = reader.required(
            "VERBATIM_STORAGE", hint: "where recordings lie, such as file:///var/lib/verbatim or s3://bucket/prefix")
        if text.isEmpty { return nil }
        if text.hasPrefix("s3://") { return S3Settings.read(reader, url: text).map(StorageSetting.bucket) }
        guard text.hasPrefix("file:///"), let path = text.dropFirst(7).removingPercentEncoding else {
            reader.report("VERBATIM_STORAGE must be a file:///absolute/path or s3://bucket/prefix URL")
            return nil
        }
        return .folder(path.hasSuffix("/") ? String(path.dropLast()) : path)
    }

    /// - Parameters:
    ///   - scratch: for what an object store has to have on this machine for a while.
    ///   - concurrency: calls to an object store at a time.
    package func open(scratch: ScratchSpace, concurrency: Int = 64, logger: Logger) throws -> any Storage {
        switch self {
        case .folder(let root): try FileStorage(root: root)
        case .bucket(let settings): settings.open(scratch: scratch, concurrency: concurrency, logger: logger)
        }
    }
}
