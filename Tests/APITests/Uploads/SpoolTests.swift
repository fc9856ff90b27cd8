import API
import Foundation
import NIOCore
import Tenancy
import TestSupport
import Testing

@Suite struct SpoolTests {
    @Test func `a file holds what was appended and only this user may read it`() async throws {
        try await TemporaryFolder.with { root in
            let spool = try await Spool.open(at: root, budgetBytes: 100_000_000)
            let writer = try await spool.create(for: .alice)
            var expected: [UInt8] = []
            var random = SeededGenerator(seed: 3)
            for _ in 0..<60 {
                let piece = random.bytes(Int(random.next() % 90_000), of: Array(0...255))
                expected += piece
                try await writer.append(ByteBuffer(bytes: piece))
            }
            let file = try await writer.finish(originalName: "a.mp3")
            #expect(file.bytes == Int64(expected.count))
            #expect(try Data(contentsOf: URL(filePath: file.path)) == Data(expected))
            let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            #expect(spool.usedBytes == file.bytes)
        }
    }

    @Test func `the more files there are, the less memory each is written through, and none is damaged`() async throws {
        try await TemporaryFolder.with { root in
            let spool = try await Spool.open(at: root, budgetBytes: 100_000_000, isFlushed: true)
            #expect(spool.blockBytes == 1_048_576)
            var random = SeededGenerator(seed: 4)
            let writer = try await spool.create(for: .alice)
            var expected: [UInt8] = []
            var others: [SpoolWriter] = []
            for number in 0..<250 {
                let piece = random.bytes(Int(random.next() % 90_000), of: Array(0...255))
                expected += piece
                try await writer.append(ByteBuffer(bytes: piece))
                others.append(try await spool.create(for: number < 125 ? .alice : .charlie))
                #expect(spool.blockBytes * others.count <= 16_777_216)
            }
            #expect(spool.blockBytes == 65_536)
            others = []
            try await eventually("the others are gone") { spool.blockBytes == 1_048_576 }
            let last = random.bytes(3_000_000, of: Array(0...255))
            try await writer.append(ByteBuffer(bytes: last))
            let file = try await writer.finish(originalName: nil)
            #expect(try Data(contentsOf: URL(filePath: file.path)) == Data(expected + last))
        }
    }

    @Test func `a file that is let go of is removed, finished or not`() async throws {
        try await TemporaryFolder.with { root in
            let spool = try await Spool.open(at: root, budgetBytes: 100_000_000)
            do {
                let writer = try await spool.create(for: .alice, expectedBytes: 5_000_000)
                try await writer.append(ByteBuffer(repeating: 7, count: 3_000_000))
                let other = try await spool.create(for: .alice)
                try await other.append(ByteBuffer(repeating: 7, count: 10))
                _ = try await other.finish(originalName: nil)
                #expect(spool.usedBytes > 0)
            }
            try await drained(spool)
            #expect(try files(root).isEmpty)
        }
    }

    @Test func `the budget holds across uploads and comes back`() async throws {
        try await TemporaryFolder.with { root in
            let spool = try await Spool.open(at: root, budgetBytes: 40_000_000)
            do {
                // Alone, one upload may have all of it. What it only declares is nobody's yet.
                let first = try await spool.create(for: .alice, expectedBytes: 39_999_998)
                try await first.append(ByteBuffer(repeating: 1, count: 39_999_998))
                await #expect(throws: SpoolError.budgetExhausted) {
                    try await spool.create(for: .charlie, expectedBytes: 3)
                }
                let unknown = try await spool.create(for: .charlie)
                await #expect(throws: SpoolError.budgetExhausted) {
                    try await unknown.append(ByteBuffer(repeating: 1, count: 2))
                }
                let file = try await first.finish(originalName: nil)
                #expect(spool.usedBytes == file.bytes + 1)
            }
            try await drained(spool)
            do {
                // Finished, it keeps what it needs and no more.
                let declared = try await spool.create(for: .alice, expectedBytes: 39_000_000)
                try await declared.append(ByteBuffer(repeating: 1, count: 1_000))
                let unknown = try await spool.create(for: .charlie)
                #expect(spool.usedBytes > 1_001)
                let file = try await declared.finish(originalName: nil)
                #expect(spool.usedBytes == file.bytes + 1)
                try await unknown.append(ByteBuffer(repeating: 1, count: 1))
            }
            try await drained(spool)
            _ = try await spool.create(for: .alice, expectedBytes: 40_000_000)
        }
    }

    @Test func `simultaneous uploads of many accounts never oversell the budget, and leave room for one more`()
        async throws
    {
        try await TemporaryFolder.with { root in
            let spool = try await Spool.open(at: root, budgetBytes: 10_000)
            let uploads = await withTaskGroup(of: SpooledFile?.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        let account = TenantID(unchecked: "ten_\(number)")
                        guard let writer = try? await spool.create(for: account, expectedBytes: 1_000) else {
                            return nil
                        }
                        try? await writer.append(ByteBuffer(repeating: 1, count: 1_000))
                        return try? await writer.finish(originalName: nil)
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(uploads.compactMap(\.self).count == 9)
            #expect(spool.usedBytes == 9_000)
            #expect(spool.accounts == 9)
            withExtendedLifetime(uploads) {}
        }
    }

    @Test func `what a dead process left is swept, a living one's is not`() async throws {
        try await TemporaryFolder.with { root in
            let dead = URL(filePath: root).appending(path: "spool-1-dead")
            try FileManager.default.createDirectory(at: dead, withIntermediateDirectories: true)
            try Data("left".utf8).write(to: dead.appending(path: "x"))
            let living = try await Spool.open(at: root, budgetBytes: 1_000)
            let writer = try await living.create(for: .alice)
            try await writer.append(ByteBuffer(string: "mine"))
            let file = try await writer.finish(originalName: nil)
            let other = try await Spool.open(at: root, budgetBytes: 1_000)
            #expect(!FileManager.default.fileExists(atPath: dead.path))
            #expect(try Data(contentsOf: URL(filePath: file.path)) == Data("mine".utf8))
            withExtendedLifetime(other) {}
        }
    }

    @Test func `a directory that cannot be made is an error that says so`() async throws {
        await #expect(throws: SpoolError.self) { try await Spool.open(at: "/proc/none/spool", budgetBytes: 1) }
    }
}
