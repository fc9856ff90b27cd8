import Pipeline
import Tenancy
import TestSupport
import Testing

/// What an account's refused files may cost, and how that is measured.
@Suite struct RefusalBudgetTests {
    private static let alice = TenantID(unchecked: "ten_alice")
    private static let charlie = TenantID(unchecked: "ten_charlie")

    @Test func `an account that has used up its budget waits until it is below it again, and no other does`() {
        let clock = SteadyTestClock()
        let budget = RefusalBudget(perMinute: .seconds(10)) { clock.now() }
        budget.charge(.seconds(9), to: Self.alice)
        #expect(budget.wait(of: Self.alice) == nil)
        budget.charge(.seconds(3), to: Self.alice)
        // Two seconds over, and a sixth of a second falls away in each.
        #expect(budget.wait(of: Self.alice) == .milliseconds(12_001))
        #expect(budget.wait(of: Self.charlie) == nil)
        clock.advance(by: .seconds(12))
        #expect(budget.wait(of: Self.alice) != nil)
        clock.advance(by: .milliseconds(1))
        #expect(budget.wait(of: Self.alice) == nil)
        budget.charge(.zero, to: Self.charlie)
        #expect(budget.accounts == 1)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `whatever is sent, an hour costs no more than the budget of each minute and one file above it`(seed: UInt64) {
        let clock = SteadyTestClock()
        let budget = RefusalBudget(perMinute: .seconds(10)) { clock.now() }
        var generator = SeededGenerator(seed: seed)
        var cost = Duration.zero
        for _ in 0..<3_600 {
            clock.advance(by: .seconds(1))
            for _ in 0..<(generator.next() % 4) where budget.wait(of: Self.alice) == nil {
                let file = Duration.milliseconds(Int64(generator.next() % 4_300))
                budget.charge(file, to: Self.alice)
                cost += file
            }
        }
        #expect(cost <= .seconds(610 + 5))
        #expect(cost >= .seconds(590))
    }

    @Test func `what has fallen away is forgotten`() {
        let clock = SteadyTestClock()
        let budget = RefusalBudget(perMinute: .seconds(10)) { clock.now() }
        for number in 0..<1_000 {
            budget.charge(.milliseconds(10), to: TenantID(unchecked: "ten_\(number)"))
            clock.advance(by: .seconds(1))
        }
        #expect(budget.accounts < 513)
    }

    @Test func `a probe's price is its processor time: not how long it took, and also when it is refused`() async throws
    {
        let scene = try MediaScene()
        let path = try scene.write([1], to: "input")
        let refusal = "echo '{\"error\":\"decode_failed\",\"detail\":\"x\"}' >&2; exit 3"
        let busy = try scene.script("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; \(refusal)")
        var spent = Duration.zero
        await #expect(throws: MediaError.self) { _ = try await busy.probe(path: path) { spent += $0 } }
        #expect(spent >= .milliseconds(50))
        let idle = try scene.script("/bin/sleep 1; \(refusal)")
        var waited = Duration.zero
        await #expect(throws: MediaError.self) { _ = try await idle.probe(path: path) { waited += $0 } }
        #expect(waited < .milliseconds(500))
    }
}
