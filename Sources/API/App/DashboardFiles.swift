import Cryptography
import FoundationEssentials

/// The files of `dashboard/`, read once at the start: the page that loads everything, and its scripts, stylesheet and icon.
struct DashboardFiles: Sendable {
    struct Unreadable: Error, CustomStringConvertible {
        let path: String
        let reason: String
        var description: String { "the dashboard's file \(path) cannot be read: \(reason)" }
    }

    struct File: Sendable {
        let bytes: [UInt8]
        let contentType: String
    }

    private static let pageName = "index.html"
    private static let contentTypes = [
        "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml",
    ]

    /// `index.html`, where `{{base}}` and `{{assets}}` stand for addresses.
    private let page: String
    /// By name, such as `pages/jobs.js`.
    let assets: [String: File]
    /// Changes with any byte of any file.
    let version: String

    /// - Parameter folder: with `index.html`, and the assets in it and in its folders.
    init(folder: String) throws {
        var files: [String: File] = [:]
        for name in try Self.names(in: folder) {
            guard let type = name.split(separator: ".").last.flatMap({ Self.contentTypes[String($0)] }) else {
                continue
            }
            files[name] = File(bytes: try Self.read(folder + "/" + name), contentType: type)
        }
        page = String(decoding: try Self.read(folder + "/" + Self.pageName), as: UTF8.self)
        assets = files
        var all = Array(page.utf8)
        for (name, file) in files.sorted(by: { $0.key < $1.key }) { all += Array(name.utf8) + [0] + file.bytes }
        version = SHA256.hash(all).prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The page, whose addresses are relative to `base`.
    func page(base: String) -> [UInt8] {
        Array(
            page.replacing("{{base}}", with: base).replacing("{{assets}}", with: "assets/\(version)").utf8)
    }

    private static func names(in folder: String, below prefix: String = "") throws -> [String] {
        var names: [String] = []
        let entries: [String]
        do {
            entries = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw Unreadable(path: folder, reason: "the folder is missing, or this user may not read it")
        }
        for entry in entries {
            var isFolder = false
            _ = FileManager.default.fileExists(atPath: folder + "/" + entry, isDirectory: &isFolder)
            if isFolder {
                names += try Self.names(in: folder + "/" + entry, below: prefix + entry + "/")
            } else {
                names.append(prefix + entry)
            }
        }
        return names
    }

    private static func read(_ path: String) throws -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw Unreadable(path: path, reason: "the file is missing, or this user may not read it")
        }
    }
}
