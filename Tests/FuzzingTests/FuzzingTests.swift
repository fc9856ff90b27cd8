import Foundation
import Fuzzing
import TestSupport
import Testing

/// Each parser of what strangers send: past finds first, then the same mutated inputs in each run. With `scripts/fuzz`, more of them.
@Suite struct FuzzingTests {
    /// They share the cores with all other tests.
    private static let places = Places(2)

    @Test(arguments: FuzzPlan.current.names)
    func `what strangers send ends in an answer that is right`(name: String) async throws {
        let plan = FuzzPlan.current
        try await Self.places.pass {
            try await TemporaryFolder.with { folder in
                let target = try #require(await FuzzTargets.make(name, in: folder))
                let finds = try FuzzRun.finds(name)
                let start = ContinuousClock.now
                let run = await FuzzRun.run(
                    target, finds: finds, executions: plan.executions + finds.count + target.seeds.count,
                    seed: plan.seed,
                    current: try plan.currentInput())
                plan.tell("\(name): \(run) in \((ContinuousClock.now - start).components.seconds) s")
                if let finding = run.finding {
                    Issue.record(
                        "\(finding.text)\nThe input: \(String(decoding: finding.input, as: UTF8.self).debugDescription)"
                    )
                }
                // Else the target looks at nothing.
                #expect(run.answers > 5 || run.finding != nil)
            }
        }
    }
}

/// What to try: little in each run of the tests, and what `scripts/fuzz` asks for.
private struct FuzzPlan: Sendable {
    static let current = FuzzPlan(ProcessInfo.processInfo.environment)

    let names: [String]
    let executions: Int
    let seed: UInt64
    /// Where the input is kept that is being tried; nil: it isn't.
    private let input: String?

    private init(_ environment: [String: String]) {
        names = environment["VERBATIM_FUZZ_TARGET"].map { [$0] } ?? FuzzTargets.names
        executions = environment["VERBATIM_FUZZ_EXECUTIONS"].flatMap { Int($0) } ?? 1_000
        seed = environment["VERBATIM_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
        input = environment["VERBATIM_FUZZ_INPUT"]
    }

    func currentInput() throws -> CurrentInput? { try input.map { try CurrentInput(path: $0, longestSeconds: 300) } }

    /// Says how far a run got, if somebody watches it.
    func tell(_ text: String) {
        if input != nil { FileHandle.standardError.write(Data((text + "\n").utf8)) }
    }
}
