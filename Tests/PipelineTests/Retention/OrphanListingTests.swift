import Egress
import Foundation
import Logging
import Pipeline
import Postgres
import Synchronization
import Tenancy
import TestSupport
import Testing

/// Which node lists the storage.
@Suite struct OrphanListingTests {
    /// A listing that begins and then lasts until it is ended, or cancelled.
    private final class Listing: Sendable {
        private let begun = Mutex(0)
        private let (stream, continuation) = AsyncStream<Void>.makeStream()

        var count: Int { begun.withLock { $0 } }
        func end() { continuation.finish() }

        var body: @Sendable () async throws -> Void {
            { [self] in
                begun.withLock { $0 += 1 }
                for await _ in stream {}
                try Task.checkCancellation()
            }
        }
    }

    private static func due(_ tenants: Tenants) async throws -> Int64 {
        try await tenants.owner.query("SELECT extract(epoch FROM due_at - now())::int8 FROM orphan_listing")[0].decode(
            Int64.self)
    }

    private static func letItBeDue(_ tenants: Tenants) async throws {
        try await tenants.owner.execute("UPDATE orphan_listing SET due_at = now()")
    }

    @Test func `of many nodes that ask at once one lists, and the next listing is due after ten minutes`() async throws
    {
        try await Tenants.with { tenants in
            let listing = Listing()
            let nodes = (0..<20).map { _ in OrphanListing(databases: tenants.databases) }
            let waits = try await withThrowingTaskGroup(of: Duration.self) { group in
                for node in nodes { group.addTask { try await node.runIfDue(listing.body) } }
                var waits: [Duration] = []
                for _ in 1..<nodes.count { if let wait = try await group.next() { waits.append(wait) } }
                // The lister is still at work.
                #expect(listing.count == 1)
                #expect(waits.allSatisfy { $0 <= OrphanListing.lease })
                listing.end()
                if let wait = try await group.next() { waits.append(wait) }
                return waits
            }
            #expect(waits.last == OrphanListing.interval)
            for node in nodes.prefix(3) {
                let wait = try await node.runIfDue { Issue.record("it is not due") }
                #expect(wait > .seconds(300) && wait <= OrphanListing.interval)
            }
            try await Self.letItBeDue(tenants)
            let again = Listing()
            again.end()
            _ = try await nodes[7].runIfDue(again.body)
            #expect(again.count == 1)
        }
    }

    @Test func `if the lister dies, another one lists when its lease has ended, and the dead one changes nothing more`()
        async throws
    {
        try await Tenants.with { tenants in
            let (dead, next) = (Listing(), Listing())
            let hangs = OrphanListing(databases: tenants.databases, renewal: .seconds(3600))
            let node = OrphanListing(databases: tenants.databases)
            let first = Task { try await hangs.runIfDue(dead.body) }
            try await eventually("it lists") { dead.count == 1 }
            let wait = try await node.runIfDue { Issue.record("the lease has not ended") }
            #expect(wait > .seconds(30) && wait <= OrphanListing.lease)
            try await Self.letItBeDue(tenants)
            let second = Task { try await node.runIfDue(next.body) }
            try await eventually("another one lists") { next.count == 1 }
            // It comes back.
            dead.end()
            _ = try await first.value
            #expect(try await Self.due(tenants) <= 120)
            next.end()
            _ = try await second.value
            #expect(try await Self.due(tenants) > 300)
        }
    }

    @Test func `the lister renews its lease, and stops when it has lost its turn`() async throws {
        try await Tenants.with { tenants in
            let listing = Listing()
            let node = OrphanListing(databases: tenants.databases, renewal: .milliseconds(20))
            let run = Task { try await node.runIfDue(listing.body) }
            try await eventually("it lists") { listing.count == 1 }
            try await tenants.owner.execute("UPDATE orphan_listing SET due_at = now() + interval '5 seconds'")
            try await eventually("the lease is renewed") { try await Self.due(tenants) > 60 }
            // What another node does that takes over.
            try await tenants.owner.execute(
                "UPDATE orphan_listing SET fence = fence + 1, due_at = now() + interval '1 hour'")
            await #expect(throws: OrphanListing.Lost.self) { _ = try await run.value }
            #expect(try await Self.due(tenants) > 3000)
        }
    }

    @Test func `a listing that fails waits for its next turn, and one that is stopped leaves it to others`()
        async throws
    {
        struct Away: Error {}
        try await Tenants.with { tenants in
            let node = OrphanListing(databases: tenants.databases)
            await #expect(throws: Away.self) { _ = try await node.runIfDue { throw Away() } }
            #expect(try await Self.due(tenants) > 300)
            try await Self.letItBeDue(tenants)
            let listing = Listing()
            let run = Task { try await node.runIfDue(listing.body) }
            try await eventually("it lists") { listing.count == 1 }
            run.cancel()
            _ = await run.result
            let next = Listing()
            next.end()
            _ = try await node.runIfDue(next.body)
            #expect(next.count == 1)
        }
    }

    @Test func `partial downloads are looked for by the node that has them, all else by the one that lists`()
        async throws
    {
        try await QueueScene.run { scene in
            let store = try await ObjectStore.shared()
            let scratch = try TemporaryFolder()
            defer { scratch.remove() }
            let client = EgressClient(logger: .quiet)
            let prefix = "orphans-\(UUID().uuidString)"
            let bucket = try #require(
                S3Bucket(name: store.bucket, prefix: prefix, region: "us-east-1", endpoint: store.url))
            let credentials = S3CredentialProvider(
                .fixed(S3Credentials(accessKeyID: store.accessKeyID, secretAccessKey: store.secretAccessKey)),
                client: client, logger: .quiet)
            let storage = S3Storage(
                client: S3Client(bucket: bucket, credentials: credentials, client: client, logger: .quiet),
                scratch: ScratchSpace(folder: scratch.path, bytes: 1 << 20))
            let tenant = scene.tenants.example
            let (waiting, gone, unknown) = (try await scene.submit().id, JobID(), JobID())
            for job in [waiting, gone] {
                let folder = storage.downloadFolder(of: job, tenant: tenant)
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try Data([1]).write(to: URL(fileURLWithPath: folder + "/part"))
            }
            for job in [waiting, unknown] { try await storage.write([1], as: .source(of: job, tenant: tenant)) }
            let clock = TestClock()
            clock.advance(by: OrphanSweep.grace + .seconds(300))
            let sweep = OrphanSweep(
                databases: scene.tenants.databases, storage: storage, logger: .quiet, clock: clock.now)
            #expect(try await sweep.sweepThisNode() == 1)
            #expect(try scratch.files.map { $0.contains(waiting.rawValue) } == [true])
            #expect(try await store.keys(prefix + "/").count == 2)
            #expect(try await sweep.sweep() == 1)
            #expect(try await store.keys(prefix + "/").map { $0.contains(waiting.rawValue) } == [true])
            #expect(try scratch.files.count == 1)
            await client.close()
        }
    }
}
