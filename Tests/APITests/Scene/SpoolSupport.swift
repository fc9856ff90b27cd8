import API
import Foundation
import Tenancy
import TestSupport

/// Waits until the spool is empty. It removes files on its own threads.
func drained(_ spool: Spool) async throws {
    try await eventually("the spool is empty") { spool.usedBytes == 0 }
}

/// The spooled files below a root, of any process.
func files(_ root: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: root)
        .filter { $0.contains("/") }
}

extension TenantID {
    static let alice = TenantID(unchecked: "ten_alice")
    static let charlie = TenantID(unchecked: "ten_charlie")
}
