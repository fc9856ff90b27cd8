import Foundation
import Glibc
import Pipeline
import TestSupport

/// An `ingest` folder for one test, with our scripts and the test's packages.
enum CopiedInstallation {
    /// - Parameters:
    ///   - driver: a script that Python runs instead. Its arguments are the path of Python, our script and its arguments.
    ///   - fill: writes packages into the folder that it gets.
    static func make(
        in folder: TemporaryFolder, driver: String? = nil, _ fill: (String) throws -> Void
    ) throws -> YtDlpInstallation {
        let files = FileManager.default
        for name in ["child.py", "cage.py", "challenges.py", "solver.py"] {
            try files.copyItem(atPath: Checkout.root + "/ingest/" + name, toPath: folder.path + "/" + name)
        }
        let python = URL(fileURLWithPath: FetchScene.installation.python).resolvingSymlinksInPath()
        let venv = folder.path + "/.venv"
        let packages = venv + "/lib/\(python.lastPathComponent)/site-packages"
        try files.createDirectory(atPath: packages, withIntermediateDirectories: true)
        try files.createDirectory(atPath: venv + "/bin", withIntermediateDirectories: true)
        try fill(packages)
        try Data().write(to: URL(fileURLWithPath: venv + "/complete"))
        let own = venv + "/bin/python"
        if let driver {
            let arguments = #""$0" "$4" "$5" "$6" "$7""#
            try Data("#!/bin/sh\nexec '\(python.path)' -I -B -S '\(driver)' \(arguments)\n".utf8)
                .write(to: URL(fileURLWithPath: own))
            chmod(own, 0o755)
        } else {
            try files.createSymbolicLink(atPath: own, withDestinationPath: python.path)
            try Data("home = \(python.deletingLastPathComponent().path)\n".utf8)
                .write(to: URL(fileURLWithPath: venv + "/pyvenv.cfg"))
        }
        return YtDlpInstallation(folder: folder.path)
    }

    /// The folder of our packages.
    static var packages: String {
        let python = URL(fileURLWithPath: FetchScene.installation.python).resolvingSymlinksInPath().lastPathComponent
        return Checkout.root + "/ingest/.venv/lib/\(python)/site-packages"
    }
}
