// Paths of the project's files and of the executables under test.

import Foundation

package enum Checkout {
    /// The root of the checkout.
    package static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    package static let migrations = root + "/sql"

    /// The folder of the built executables. This test bundle is in it, too.
    package static let executables = URL(fileURLWithPath: CommandLine.arguments[0])
        .resolvingSymlinksInPath().deletingLastPathComponent().path

    package static func executable(_ name: String) -> String { executables + "/" + name }

    /// The path of a file in `Tests/Fixtures`.
    package static func fixture(_ name: String) -> String { root + "/Tests/Fixtures/" + name }
}
