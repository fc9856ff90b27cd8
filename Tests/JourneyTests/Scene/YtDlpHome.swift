import Foundation
import TestSupport

/// A folder as the checkout is, for `VERBATIM_HOME`, with an `ingest` of its own in which nothing is installed yet.
struct YtDlpHome: Sendable {
    private let folder: TemporaryFolder
    let pinned: String

    init() throws {
        folder = try TemporaryFolder()
        let files = FileManager.default
        for name in ["sql", "inference", "openapi.json"] {
            try files.createSymbolicLink(
                atPath: folder.path + "/" + name, withDestinationPath: Checkout.root + "/" + name)
        }
        try files.createDirectory(atPath: folder.path + "/ingest", withIntermediateDirectories: false)
        for name in ["install", "child.py", "cage.py", "requirements.txt"] {
            try files.copyItem(atPath: Checkout.root + "/ingest/" + name, toPath: folder.path + "/ingest/" + name)
        }
        let requirements = try String(contentsOfFile: folder.path + "/ingest/requirements.txt", encoding: .utf8)
        pinned = requirements.firstMatch(of: /yt-dlp==([0-9.]+)/).map { String($0.output.1) } ?? ""
    }

    func remove() { folder.remove() }

    var environment: [String: String] { ["VERBATIM_HOME": folder.path] }
    var ingest: String { folder.path + "/ingest" }
    /// What lies in `ingest`, by name.
    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: ingest).sorted() }
    }

    /// Puts something there that looks like an installation, and starts or does not.
    func pretend(version: String, works: Bool) throws {
        let (files, venv) = (FileManager.default, ingest + "/.venv")
        try? files.removeItem(atPath: venv)
        for path in ["bin", "lib/python3/site-packages/yt_dlp-\(version).dist-info"] {
            try files.createDirectory(atPath: venv + "/" + path, withIntermediateDirectories: true)
        }
        try Data().write(to: URL(fileURLWithPath: venv + "/complete"))
        let python = venv + "/bin/python"
        try Data("#!/bin/sh\nexit \(works ? 0 : 1)\n".utf8).write(to: URL(fileURLWithPath: python))
        chmod(python, 0o755)
    }
}
