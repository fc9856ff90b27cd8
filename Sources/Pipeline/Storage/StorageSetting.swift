import Foundation
import Settings

/// Where recordings lie: `VERBATIM_STORAGE`.
package enum StorageSetting {
    /// The absolute path of a `file:///…` URL; empty when it is none, which is reported.
    package static func read(_ reader: SettingsReader) -> String {
        let text = reader.required("VERBATIM_STORAGE", hint: "where recordings lie, such as file:///var/lib/verbatim")
        if text.isEmpty { return "" }
        guard text.hasPrefix("file:///"), let path = text.dropFirst(7).removingPercentEncoding else {
            reader.report("VERBATIM_STORAGE must be a file:///absolute/path URL")
            return ""
        }
        return path.hasSuffix("/") ? String(path.dropLast()) : path
    }
}
