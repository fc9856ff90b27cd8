import Foundation
import MediaSimulator
import TestSupport
import Testing

/// A package registry on loopback with versions of yt-dlp, good and bad, and of the packages pinned beside it. Its yt-dlp can only be
/// imported; the other packages are empty.
struct PackageIndex: Sendable {
    private let site: MediaSimulator

    init() throws {
        site = try MediaSimulator()
        site["/simple/yt-dlp/"] = .init(type: "text/html", body: Self.page)
    }

    private static let page = Array("<!DOCTYPE html>".utf8)

    /// A line of `requirements.txt`.
    struct Pin: Sendable {
        let name, version, hash: String
    }

    /// The packages beside yt-dlp in `requirements.txt`, as this registry has them.
    func publishOthers() async throws -> [Pin] {
        var pins: [Pin] = []
        for (name, version) in [("yt-dlp-ejs", "0.8.0"), ("quickjs-ng", "0.17.0.2"), ("pycryptodomex", "3.24.2")] {
            pins.append(Pin(name: name, version: version, hash: try await publish(name, version)))
        }
        return pins
    }

    /// Options that send pip here, whatever this machine's configuration says.
    var environment: [String: String] { Self.environment(index: site.url + "/simple") }
    /// Options that send pip to an address where nobody answers.
    static var away: [String: String] { environment(index: "http://127.0.0.1:9/simple") }

    private static func environment(index: String) -> [String: String] {
        ["PIP_INDEX_URL": index, "PIP_CONFIG_FILE": "/dev/null", "PIP_NO_CACHE_DIR": "1"]
    }

    enum Quality {
        case good
        /// Its import ends Python.
        case broken
        /// Its download is cut off.
        case cut
    }

    /// - Parameter scripts: the version of `yt-dlp-ejs` that it requires.
    func publish(_ version: String, _ quality: Quality = .good, naming scripts: String? = nil) async throws {
        let code = quality == .broken ? "raise RuntimeError('broken')" : "from . import version"
        _ = try await publish("yt-dlp", version, code: code, isCut: quality == .cut, scripts: scripts)
    }

    /// Returns the wheel's SHA-256.
    @discardableResult
    func publish(
        _ name: String, _ version: String, code: String = "", isCut: Bool = false, scripts: String? = nil
    ) async throws -> String {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let module = name.replacing("-", with: "_")
        let file = "\(module)-\(version)-py3-none-any.whl"
        let requirement = scripts.map { "yt-dlp-ejs==\($0); extra == 'default'" } ?? ""
        let result = try await Command.run(
            "python3", ["-c", Self.packing, folder.path + "/" + file, name, version, code, requirement])
        try #require(result.status == 0, "\(result.errors)")
        var wheel = MediaResource(
            type: "application/octet-stream",
            body: Array(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/" + file))))
        if isCut { wheel.breaks = Array(repeating: 100, count: 20) }
        site["/files/" + file] = wheel
        let link = Array("<a href=\"/files/\(file)\">\(file)</a>".utf8)
        let page = site["/simple/\(name)/"]?.body ?? Self.page
        site["/simple/\(name)/"] = .init(type: "text/html", body: page + link)
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static let packing = """
        import hashlib, sys, zipfile
        path, name, version, code, needs = sys.argv[1:]
        module = name.replace("-", "_")
        info = f"{module}-{version}.dist-info"
        about = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n"
        if needs:
            about += f"Requires-Dist: {needs}\\nProvides-Extra: default\\n"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr(f"{module}/__init__.py", code + "\\n")
            wheel.writestr(f"{module}/version.py", f"__version__ = '{version}'\\n")
            wheel.writestr(f"{info}/METADATA", about)
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
            names = [f"{module}/__init__.py", f"{module}/version.py"]
            names += [f"{info}/{n}" for n in ("METADATA", "WHEEL", "RECORD")]
            wheel.writestr(f"{info}/RECORD", "".join(f"{name},,\\n" for name in names))
        print(hashlib.sha256(open(path, "rb").read()).hexdigest())
        """
}
