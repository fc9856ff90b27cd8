import API
import Foundation
import Logging
import ServiceLifecycle
import TestSupport
import Testing

@Suite struct SpoolSweepTests {
    @Test func `what a dead node received goes while others live on, and nothing of theirs`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let spool = try await Spool.open(at: folder.path, budgetBytes: 1_000)
        let living = try await spool.create(for: .alice)
        let sweep = SpoolSweep(root: folder.path, every: .milliseconds(20), logger: Logger(label: "test"))
        let group = ServiceGroup(services: [sweep], logger: Logger(label: "test"))
        async let running: Void = group.run()
        // Nobody holds the lock on its folder. It comes while the sweep runs: not only its start finds it.
        for name in ["spool-1-first", "spool-1-second"] {
            let dead = folder.path + "/" + name
            try FileManager.default.createDirectory(atPath: dead, withIntermediateDirectories: false)
            try Data([1]).write(to: URL(fileURLWithPath: dead + "/upload"))
            try await eventually("\(name) is gone") { !FileManager.default.fileExists(atPath: dead) }
        }
        #expect(try folder.files.filter { $0.hasPrefix("spool-") }.count == 1)
        await group.triggerGracefulShutdown()
        try await running
        withExtendedLifetime((spool, living)) {}
    }
}
