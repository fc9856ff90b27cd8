import API
import HTTPTypes
import Logging
import NIOCore
import Pipeline
import Synchronization
import Tenancy
import TestSupport
import Testing

/// What is declared and not sent, and what becomes of an upload that finds no room in its middle.
@Suite struct SpoolSpaceTests {
    /// A whole upload of Alice's.
    private static func file(of bytes: Int, in spool: Spool) async throws -> SpooledFile {
        let alice = try await spool.create(for: .alice, expectedBytes: Int64(bytes))
        try await alice.append(ByteBuffer(repeating: 1, count: bytes))
        return try await alice.finish(originalName: nil)
    }

    @Test func `what others declare and do not send takes no room from anybody`() async throws {
        try await TemporaryFolder.with { root in
            let spool = try await Spool.open(at: root, budgetBytes: 400_000_000)
            var held: [SpoolWriter] = []
            for number in 0..<60 {
                let account = TenantID(unchecked: "ten_\(number % 3)")
                held.append(try await spool.create(for: account, expectedBytes: 100_000_000))
            }
            let charlie = try await spool.create(for: .charlie, expectedBytes: 150_000_000)
            for _ in 0..<15 { try await charlie.append(ByteBuffer(repeating: 1, count: 10_000_000)) }
            let file = try await charlie.finish(originalName: nil)
            #expect(file.bytes == 150_000_000)
            withExtendedLifetime(held) {}
        }
    }

    @Test func `one that could not fit as things stand is refused before it has begun`() async throws {
        try await TemporaryFolder.with { root in
            let spool = try await Spool.open(at: root, budgetBytes: 10_000_000)
            let first = try await spool.create(for: .alice, expectedBytes: 6_000_000)
            try await first.append(ByteBuffer(repeating: 1, count: 4_000_000))
            await #expect(throws: SpoolError.budgetExhausted) {
                try await spool.create(for: .charlie, expectedBytes: 3_000_000)
            }
            let small = try await spool.create(for: .charlie, expectedBytes: 2_000_000)
            withExtendedLifetime((first, small)) {}
        }
    }

    @Test func `an upload that finds no room in its middle goes on when another has ended`() async throws {
        try await TemporaryFolder.with { root in
            let spool = try await Spool.open(at: root, budgetBytes: 1_000, timeout: .seconds(600))
            var file: SpooledFile? = try await Self.file(of: 400, in: spool)
            let charlie = Task {
                let charlie = try await spool.create(for: .charlie)
                try await charlie.append(ByteBuffer(repeating: 1, count: 300))
                try await charlie.append(ByteBuffer(repeating: 1, count: 100))
                return try await charlie.finish(originalName: nil)
            }
            try await eventually("it waits") { spool.waiting == 1 }
            #expect(spool.usedBytes == 700)
            withExtendedLifetime(file) {}
            file = nil
            #expect(try await charlie.value.bytes == 400)
        }
    }

    @Test func `of those that wait the one whose account holds most yields, and the other goes on`() async throws {
        try await TemporaryFolder.with { root in
            let spool = try await Spool.open(at: root, budgetBytes: 1_000, timeout: .seconds(20))
            let small = try await spool.create(for: .charlie)
            try await small.append(ByteBuffer(repeating: 1, count: 300))
            let large = Task {
                let large = try await spool.create(for: .alice)
                try await large.append(ByteBuffer(repeating: 1, count: 350))
                try await large.append(ByteBuffer(repeating: 1, count: 100))
            }
            try await eventually("the large one waits") { spool.waiting == 1 }
            try await small.append(ByteBuffer(repeating: 1, count: 100))
            await #expect(throws: SpoolError.budgetExhausted) { try await large.value }
            #expect(try await small.finish(originalName: nil).bytes == 400)
        }
    }

    @Test func `an upload that is cancelled while it waits takes nothing and waits no more`() async throws {
        try await TemporaryFolder.with { root in
            let spool = try await Spool.open(at: root, budgetBytes: 1_000, timeout: .seconds(600))
            let other = try await spool.create(for: .charlie, expectedBytes: 300)
            let waiting = Task {
                let alice = try await spool.create(for: .alice)
                try await alice.append(ByteBuffer(repeating: 1, count: 350))
                try await alice.append(ByteBuffer(repeating: 1, count: 100))
            }
            try await eventually("it waits") { spool.waiting == 1 }
            waiting.cancel()
            await #expect(throws: SpoolError.self) { try await waiting.value }
            try await eventually("all of it comes back") { spool.usedBytes == 300 && spool.waiting == 0 }
            withExtendedLifetime(other) {}
        }
    }

    @Test func `what the disk has no room for is refused before it has begun, whatever the budget says`() async throws {
        try await TemporaryFolder.with { root in
            let free = Mutex<Int64>(5_000_000)
            let room = DiskSpace(name: "scratch", nearly: 4_000_000, least: 1_000_000, logger: Logger(label: "test")) {
                free.withLock { $0 }
            }
            room.look()
            let spool = try await Spool.open(at: root, budgetBytes: 400_000_000, room: room)
            await #expect(throws: SpoolError.storageFull) {
                try await spool.create(for: .alice, expectedBytes: 6_000_000)
            }
            let small = try await spool.create(for: .alice, expectedBytes: 3_000_000)
            free.withLock { $0 = 900_000 }
            room.look()
            await #expect(throws: SpoolError.storageFull) { try await spool.create(for: .charlie, expectedBytes: 1) }
            // What is under way goes on: what is left is for it.
            try await small.append(ByteBuffer(repeating: 1, count: 3_000_000))
            #expect(try await small.finish(originalName: nil).bytes == 3_000_000)
            free.withLock { $0 = 5_000_000 }
            room.look()
            _ = try await spool.create(for: .charlie, expectedBytes: 1)
        }
    }
}
