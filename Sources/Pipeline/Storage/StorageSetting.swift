import Foundation
import Logging
import Settings

/// The setting `VERBATIM_STORAGE`: where recordings are stored.
package enum StorageSetting: Sendable {
    /// The absolute path of a folder.
    case folder(String)
    case bucket(S3Settings)

    /// Reads a `file:///…` or `s3://…` URL, with its further settings. Nil if something is wrong, which is reported.
    package static func read(_ reader: SettingsReader) -> StorageSetting? {
        let text = reader.required(
            "VERBATIM_STORAGE",
            hint: "where to store recordings, such as file:///var/lib/verbatim or s3://bucket/prefix")
        if text.isEmpty { return nil }
        if text.hasPrefix("s3://") { return S3Settings.read(reader, url: text).map(StorageSetting.bucket) }
        guard text.hasPrefix("file:///"), let path = text.dropFirst(7).removingPercentEncoding else {
            reader.report("VERBATIM_STORAGE must be a file:///absolute/path or s3://bucket/prefix URL")
            return nil
        }
        return .folder(path.hasSuffix("/") ? String(path.dropLast()) : path)
    }

    package var isFolder: Bool { if case .folder = self { true } else { false } }

    /// - Parameters:
    ///   - scratch: local space for copies of objects of an object store.
    ///   - concurrency: how many calls to an object store are made at a time.
    package func open(scratch: ScratchSpace, concurrency: Int = 64, logger: Logger) throws -> any Storage {
        switch self {
        case .folder(let root): try FileStorage(root: root)
        case .bucket(let settings): settings.open(scratch: scratch, concurrency: concurrency, logger: logger)
        }
    }
}
