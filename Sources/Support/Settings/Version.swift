import Foundation

/// The version of this release, which `--version`, `/healthz`, `verbatim_build_info` and `openapi.yaml` show.
package enum Version {
    package static let current = "0.1.0-unreleased"

    /// The commit that the executable was built from, as `scripts/setup` and `scripts/package` write it beside the executable; with a plus sign if
    /// there were changes that were not committed. Nil if nobody wrote it.
    package static let commit: String? = {
        guard let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return nil
        }
        let file = URL(fileURLWithPath: executable).deletingLastPathComponent().appendingPathComponent(
            "verbatim.commit")
        guard let bytes = try? FileHandle(forReadingFrom: file).read(upToCount: 64) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.wholeMatch(of: /[0-9a-f]{7,40}\+?/) == nil ? nil : text
    }()

    /// Version and commit, for people.
    package static var description: String { commit.map { "\(current) (\($0))" } ?? current }
}
