import Foundation
import TestSupport

/// A folder like the checkout, for `VERBATIM_HOME`, with its own `ingest`, in which nothing is installed yet.
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
        for name in ["install", "child.py", "cage.py", "challenges.py", "solver.py", "requirements.txt"] {
            try files.copyItem(atPath: Checkout.root + "/ingest/" + name, toPath: folder.path + "/ingest/" + name)
        }
        let requirements = try String(contentsOfFile: folder.path + "/ingest/requirements.txt", encoding: .utf8)
        pinned = requirements.firstMatch(of: /yt-dlp==([0-9.]+)/).map { String($0.output.1) } ?? ""
    }

    func remove() { folder.remove() }

    var environment: [String: String] { ["VERBATIM_HOME": folder.path] }
    var ingest: String { folder.path + "/ingest" }
    /// The names of the files in `ingest`.
    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: ingest).sorted() }
    }

    /// The names of the installed packages.
    var packages: [String] {
        get throws {
            let libraries = ingest + "/.venv/lib"
            return try FileManager.default.contentsOfDirectory(atPath: libraries).flatMap {
                try FileManager.default.contentsOfDirectory(atPath: "\(libraries)/\($0)/site-packages")
            }
        }
    }

    /// Pins these packages beside yt-dlp, instead of ours.
    func pin(_ others: [PackageIndex.Pin]) throws {
        let own = "yt-dlp==\(pinned) \\\n    --hash=sha256:" + String(repeating: "0", count: 64)
        let lines = [own] + others.map { "\($0.name)==\($0.version) \\\n    --hash=sha256:\($0.hash)" }
        try Data((lines.joined(separator: "\n") + "\n").utf8)
            .write(to: URL(fileURLWithPath: ingest + "/requirements.txt"))
    }

    /// Creates something that looks like an installation, and that starts or doesn't. `told` is what its JavaScript runtime reports; nil: it
    /// has none.
    func pretend(version: String, works: Bool, javaScript told: String? = YtDlpHome.sealed) throws {
        let (files, venv) = (FileManager.default, ingest + "/.venv")
        try? files.removeItem(atPath: venv)
        let runtime = told == nil ? [] : ["yt_dlp_ejs-0.8.0", "quickjs_ng-0.17.0.2"]
        for path in ["bin"] + (["yt_dlp-\(version)"] + runtime).map({ "lib/python3/site-packages/\($0).dist-info" }) {
            try files.createDirectory(atPath: venv + "/" + path, withIntermediateDirectories: true)
        }
        try Data().write(to: URL(fileURLWithPath: venv + "/complete"))
        let python = venv + "/bin/python"
        let says = #"case "$4" in *solver.py) echo '\#(told ?? "")' ;; *) echo '\#(Self.sealed)' ;; esac"#
        try Data("#!/bin/sh\n\(works ? says : "exit 1")\n".utf8).write(to: URL(fileURLWithPath: python))
        chmod(python, 0o755)
    }

    /// What a good installation and its JavaScript runtime report.
    static let sealed = report(files: true)
    static func report(files: Bool) -> String {
        let refuses = ["socket", "connect", "execution", "new_process", "tracing", "signals", "code"]
            .map { #""refuses_\#($0)":true"# }
        return
            #"{"bounds_files":true,"knows_javascript":true,"refuses_files":\#(files),\#(refuses.joined(separator: ","))}"#
    }
}
