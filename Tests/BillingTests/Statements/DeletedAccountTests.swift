import Billing
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct DeletedAccountTests {
    private static let december = LedgerScene.time("2026-12-15T12:00:00Z")
    private static let month = BillingMonth(of: december)

    private static func end(_ scene: LedgerScene) async throws {
        let example = scene.tenants.example
        try await scene.tenants.owner.transaction { _ = try Tenant.end(example, in: $0) }
    }

    @Test func `a deleted account is billed for the month that it used, and has no statement after`() async throws {
        try await LedgerScene.with { scene in
            try await scene.allow(minutes: 10)
            try await scene.bill(seconds: 700, acceptOverage: true)
            let before = try await scene.statement()
            try await Self.end(scene)
            #expect(try await scene.statement() == before)
            #expect(try await scene.close() == .closed(statements: 2))
            #expect(try await scene.differences() == [])
            let export = try await scene.export()
            #expect(export.contains(scene.tenants.example.rawValue))

            let later = Self.month.end
            #expect(try await scene.close(Self.month, at: later) == .closed(statements: 1))
            #expect(try await scene.close(Self.month, at: later) == .wasClosed)
            #expect(try await scene.differences(Self.month) == [])
            let next = try await scene.export(Self.month)
            #expect(!next.contains(scene.tenants.example.rawValue))
            #expect(try await scene.export() == export)
        }
    }

    @Test func `a month in which nothing came of anything is closed without a statement`() async throws {
        try await LedgerScene.with { scene in
            try await scene.cancel(try await scene.submit(seconds: 10))
            try await Self.end(scene)
            #expect(try await scene.close() == .closed(statements: 1))
            #expect(try await scene.close() == .wasClosed)
            #expect(try await scene.differences() == [])
        }
    }

    @Test func `what is given back to a deleted account stands in a statement`() async throws {
        try await LedgerScene.with { scene in
            try await Self.end(scene)
            try await scene.adjust(Self.month, cents: -250)
            #expect(try await scene.statement(Self.month).totalCents == -250)
            #expect(try await scene.close(Self.month, at: Self.month.end) == .closed(statements: 2))
            #expect(try await scene.differences(Self.month) == [])
        }
    }

    @Test func `a month that was closed before the deletion keeps its statement of nothing`() async throws {
        try await LedgerScene.with { scene in
            try await scene.close()
            let export = try await scene.export()
            try await Self.end(scene)
            #expect(try await scene.export() == export)
        }
    }
}
