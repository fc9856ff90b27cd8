import Foundation

/// Where the project's own files (`sql/`, `inference/`, the media tool) are.
///
/// `VERBATIM_HOME` names the folder. Without it, the nearest folder above the executable with `sql/` and `inference/` is used, so that
/// `.build/release/verbatim` finds its checkout.
package struct Installation: Sendable {
    /// The folder that contains `sql/` and `inference/`.
    package let root: String
    /// The folder that contains the executables.
    package let executables: String

    package init(reader: SettingsReader) {
        let executable = Self.executablePath
        executables = Self.parent(of: executable)
        if let home = reader.string("VERBATIM_HOME") {
            if !Self.isFolder(home + "/sql") { reader.report("VERBATIM_HOME names a folder without sql/") }
            root = home
        } else if let found = Self.folder(above: executable) {
            root = found
        } else {
            reader.report("the project's files were not found above the executable: set VERBATIM_HOME to the checkout")
            root = "."
        }
    }

    package var migrations: String { root + "/sql" }
    /// The files of `GET /app`.
    package var dashboard: String { root + "/dashboard" }
    /// The file that `GET /openapi.json` returns.
    package var apiDocument: String { root + "/openapi.json" }

    private static var executablePath: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }

    private static func folder(above path: String) -> String? {
        var folder = parent(of: path)
        while folder != "/", !folder.isEmpty {
            if isFolder(folder + "/sql"), isFolder(folder + "/inference") { return folder }
            folder = parent(of: folder)
        }
        return nil
    }

    private static func parent(of path: String) -> String {
        URL(fileURLWithPath: path).deletingLastPathComponent().path
    }

    private static func isFolder(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
    }
}
