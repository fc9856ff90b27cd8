import Foundation
import MediaSimulator
import TestSupport
import Testing

/// A package registry on loopback that has versions of yt-dlp, good and bad. What it calls yt-dlp can be imported, and no more.
struct PackageIndex: Sendable {
    private let site: MediaSimulator

    init() throws {
        site = try MediaSimulator()
        show()
    }

    /// How pip is sent there, whatever else this machine is configured for.
    var environment: [String: String] { Self.environment(index: site.url + "/simple") }
    /// Nobody answers there.
    static var away: [String: String] { environment(index: "http://127.0.0.1:9/simple") }

    private static func environment(index: String) -> [String: String] {
        ["PIP_INDEX_URL": index, "PIP_CONFIG_FILE": "/dev/null", "PIP_NO_CACHE_DIR": "1"]
    }

    enum Quality {
        case good
        /// Python stops at its import.
        case broken
        /// It comes only in part.
        case cut
    }

    func publish(_ version: String, _ quality: Quality = .good) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let name = "yt_dlp-\(version)-py3-none-any.whl"
        let code = quality == .broken ? "raise RuntimeError('broken')" : "from . import version"
        let result = try await Command.run(
            "python3", ["-c", Self.packing, folder.path + "/" + name, version, code])
        try #require(result.status == 0, "\(result.errors)")
        var wheel = MediaResource(
            type: "application/octet-stream",
            body: Array(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/" + name))))
        if quality == .cut { wheel.breaks = Array(repeating: 100, count: 20) }
        site["/files/" + name] = wheel
        show(adding: name)
    }

    private func show(adding name: String? = nil) {
        let page = site["/simple/yt-dlp/"]?.body ?? Array("<!DOCTYPE html>".utf8)
        let link = name.map { "<a href=\"/files/\($0)\">\($0)</a>" } ?? ""
        site["/simple/yt-dlp/"] = .init(type: "text/html", body: page + Array(link.utf8))
    }

    private static let packing = """
        import sys, zipfile
        path, version, code = sys.argv[1:]
        info = f"yt_dlp-{version}.dist-info"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr("yt_dlp/__init__.py", code + "\\n")
            wheel.writestr("yt_dlp/version.py", f"__version__ = '{version}'\\n")
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: yt-dlp\\nVersion: {version}\\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
            names = ["yt_dlp/__init__.py", "yt_dlp/version.py"] + [f"{info}/{n}" for n in ("METADATA", "WHEEL", "RECORD")]
            wheel.writestr(f"{info}/RECORD", "".join(f"{name},,\\n" for name in names))
        """
}
