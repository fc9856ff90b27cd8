import API
import Foundation
import Tenancy

/// A directory of the test's own, removed afterward.
func withTemporaryDirectory(_ body: (String) async throws -> Void) async throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "upload-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: root) }
    try await body(root.path)
}

/// Waits until everything that was let go of is removed: the spool does that on its own threads.
func drained(_ spool: Spool) async {
    while spool.usedBytes > 0 { await Task.yield() }
}

/// The spooled files below a root, whichever process's they are.
func files(_ root: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: root)
        .filter { $0.contains("/") }
}

extension TenantID {
    static let alice = TenantID(unchecked: "ten_alice")
    static let charlie = TenantID(unchecked: "ten_charlie")
}
