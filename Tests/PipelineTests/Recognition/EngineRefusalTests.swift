import Logging
import Pipeline
import Postgres
import Synchronization
import Tenancy
import TestSupport
import Testing

/// What an operator reads of refusals, however often they come.
@Suite struct EngineRefusalTests {
    @Test func `what stays refused is logged at once, and then once a minute with how often it was`() async throws {
        let log = CapturedLog()
        let clock = Mutex(ContinuousClock.now)
        let refusals = EngineRefusals(logger: Logger(label: "test") { _ in log }, now: { clock.withLock { $0 } })
        func refuse(_ model: String, times: Int) async {
            for _ in 0..<times {
                await refusals.note([model], by: "x", status: 400, saying: "no more", setting: "VERBATIM_X")
            }
        }
        func lines() -> [Substring] { log.text.split(separator: "\n") }
        await refuse("old", times: 100)
        #expect(lines().count == 1)
        clock.withLock { $0 += .seconds(59) }
        await refuse("old", times: 1)
        #expect(lines().count == 1)
        clock.withLock { $0 += .seconds(1) }
        await refuse("old", times: 1)
        #expect(lines().count == 2)
        #expect(lines().last?.contains("\"times\": 101") == true || lines().last?.contains("times: 101") == true)
        // Another one is news.
        await refuse("other", times: 5)
        #expect(lines().count == 3)
        for part in ["VERBATIM_X", "no more", "other"] { #expect(lines().last?.contains(part) == true) }
    }

    @Test func `what all nodes found stands in the database until it is taken again`() async throws {
        try await Tenants.with { tenants in
            let nodes = (0..<2).map { _ in EngineRefusals(databases: tenants.databases, logger: .quiet) }
            func current() async throws -> [String] {
                try await tenants.databases.system.transaction { try RefusedModel.current(in: $0).map(\.model) }
            }
            func count() async throws -> [String: Int64] {
                try await tenants.databases.system.transaction { try RefusedModel.counts(in: $0) }
            }
            await nodes[0].accepted(["a", "b"], by: "x")
            await nodes[0].written()
            #expect(try await current() == [])
            for node in nodes {
                await node.note(["a", "b"], by: "x", status: 400, saying: "gone", setting: "VERBATIM_X")
                await node.written()
            }
            #expect(try await current() == ["a", "b"])
            #expect(try await count() == ["x": 4])
            await nodes[1].accepted(["a"], by: "x")
            await nodes[1].written()
            #expect(try await current() == ["b"])
            // A process that knew nothing of it finds out, too.
            let late = EngineRefusals(databases: tenants.databases, logger: .quiet)
            await late.accepted(["b"], by: "x")
            await late.written()
            #expect(try await current() == [])
            await nodes[1].note(["a"], by: "x", status: 400, saying: "gone again", setting: "VERBATIM_X")
            await nodes[1].written()
            #expect(try await current() == ["a"])
            #expect(try await count() == ["x": 5])
            // What nobody met for a week is no matter of today's.
            try await tenants.owner.execute("UPDATE engine_refusals SET last_at = now() - interval '8 days'")
            #expect(try await current() == [])
            #expect(try await count() == ["x": 5])
        }
    }
}
