// Where the project's own files and the executables under test lie.

import Foundation

package enum Checkout {
    /// The folder that holds `sql/`.
    package static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    package static let migrations = root + "/sql"

    /// The folder that the executables were built into: the one that this test bundle lies in.
    package static let executables = URL(fileURLWithPath: CommandLine.arguments[0])
        .resolvingSymlinksInPath().deletingLastPathComponent().path

    package static func executable(_ name: String) -> String { executables + "/" + name }

    /// A recording out of `Tests/Fixtures`.
    package static func fixture(_ name: String) -> String { root + "/Tests/Fixtures/" + name }
}
