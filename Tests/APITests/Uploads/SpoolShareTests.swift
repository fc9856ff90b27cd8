import API
import NIOCore
import Tenancy
import TestSupport
import Testing

/// What one account may hold of the spool, so that the others always find room.
@Suite struct SpoolShareTests {
    @Test func `an account alone may hold half of the budget, and the other half stays free`() async throws {
        try await TemporaryFolder.with { root in
            let spool = try await Spool.open(at: root, budgetBytes: 1_000)
            let first = try await spool.create(for: .alice, expectedBytes: 300)
            let second = try await spool.create(for: .alice, expectedBytes: 200)
            await #expect(throws: SpoolError.shareExhausted) { try await spool.create(for: .alice, expectedBytes: 1) }
            // What another holds is not Alice's to have, and Charlie finds room though she takes all she can.
            let third = try await spool.create(for: .charlie, expectedBytes: 250)
            // This is too much for Charlie with or without the first one: not his doing.
            await #expect(throws: SpoolError.budgetExhausted) {
                try await spool.create(for: .charlie, expectedBytes: 251)
            }
            await #expect(throws: SpoolError.shareExhausted) {
                try await spool.create(for: .charlie, expectedBytes: 250)
            }
            withExtendedLifetime((first, second, third)) {}
        }
    }

    @Test func `an upload of unknown length grows as far as one of known length may go`() async throws {
        try await TemporaryFolder.with { root in
            let spool = try await Spool.open(at: root, budgetBytes: 1_000)
            let other = try await spool.create(for: .alice, expectedBytes: 200)
            let growing = try await spool.create(for: .alice)
            try await growing.append(ByteBuffer(repeating: 1, count: 300))
            await #expect(throws: SpoolError.shareExhausted) {
                try await growing.append(ByteBuffer(repeating: 1, count: 1))
            }
            #expect(spool.usedBytes == 500)
            withExtendedLifetime((other, growing)) {}
        }
    }

    @Test func `an upload alone in the spool may outgrow half of it`() async throws {
        try await TemporaryFolder.with { root in
            let spool = try await Spool.open(at: root, budgetBytes: 1_000)
            do {
                let growing = try await spool.create(for: .alice)
                try await growing.append(ByteBuffer(repeating: 1, count: 1_000))
                await #expect(throws: SpoolError.budgetExhausted) {
                    try await growing.append(ByteBuffer(repeating: 1, count: 1))
                }
            }
            try await drained(spool)
            let declared = try await spool.create(for: .alice, expectedBytes: 900)
            await #expect(throws: SpoolError.shareExhausted) { try await spool.create(for: .alice, expectedBytes: 10) }
            let charlie = try await spool.create(for: .charlie, expectedBytes: 50)
            withExtendedLifetime((declared, charlie)) {}
        }
    }

    @Test func `an account has half of the places too, and gets its place back when a file goes`() async throws {
        try await TemporaryFolder.with { root in
            let spool = try await Spool.open(at: root, budgetBytes: 1_000_000, maximumFiles: 8)
            do {
                var held: [SpoolWriter] = []
                for _ in 0..<4 { held.append(try await spool.create(for: .alice, expectedBytes: 10)) }
                await #expect(throws: SpoolError.shareExhausted) {
                    try await spool.create(for: .alice, expectedBytes: 10)
                }
                for _ in 0..<2 { held.append(try await spool.create(for: .charlie, expectedBytes: 10)) }
                await #expect(throws: SpoolError.shareExhausted) {
                    try await spool.create(for: .charlie, expectedBytes: 10)
                }
                withExtendedLifetime(held) {}
            }
            try await drained(spool)
            #expect(spool.accounts == 0)
            _ = try await spool.create(for: .alice, expectedBytes: 10)
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `whatever accounts do, the budget holds, none passes half of the places, and all comes back`(
        seed: UInt64
    ) async throws {
        try await TemporaryFolder.with { root in
            var generator = SeededGenerator(seed: seed)
            let spool = try await Spool.open(at: root, budgetBytes: 100_000, maximumFiles: 16)
            var held: [(account: TenantID, writer: SpoolWriter)] = []
            var refused = 0
            for _ in 0..<2_000 {
                let account = TenantID(unchecked: "ten_\(generator.next() % 5)")
                switch generator.next() % 4 {
                case 0, 1:
                    let bytes = Int64(generator.next() % 9_000) + 1
                    do {
                        let writer = try await spool.create(
                            for: account, expectedBytes: generator.next() % 3 == 0 ? nil : bytes)
                        held.append((account, writer))
                    } catch { refused += 1 }
                case 2:
                    guard let chosen = held.randomElement(using: &generator) else { continue }
                    let count = Int(generator.next() % 4_000)
                    do {
                        try await chosen.writer.append(ByteBuffer(repeating: 1, count: count))
                    } catch { refused += 1 }
                default:
                    guard let index = held.indices.randomElement(using: &generator) else { continue }
                    held.remove(at: index)
                }
                #expect(spool.usedBytes <= 100_000)
                #expect(held.count <= 16)
                let files = Dictionary(grouping: held, by: \.account).mapValues(\.count).values.max() ?? 0
                #expect(files <= 8)
            }
            #expect(refused > 0)
            held = []
            try await drained(spool)
            #expect(spool.accounts == 0)
            #expect(try files(root).isEmpty)
        }
    }
}
