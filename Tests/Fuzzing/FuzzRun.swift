import Foundation
import TestSupport

/// Tries inputs until a number of them is tried, or one of them leads to a finding.
package struct FuzzRun: Sendable, CustomStringConvertible {
    package let executions: Int
    /// How many different answers there were.
    package let answers: Int
    /// What was found, and with which input.
    package let finding: (text: String, input: [UInt8])?

    package var description: String {
        "\(executions) executions, \(answers) different answers, \(OwnUse.peakMegabytes()) MB at most"
    }

    package static func run(
        _ target: any FuzzTarget, finds: [[UInt8]] = [], executions: Int, seed: UInt64, current: CurrentInput? = nil
    ) async -> FuzzRun {
        var corpus = FuzzCorpus(target, finds: finds, seed: seed)
        for done in 0..<executions {
            let input = corpus.next()
            current?.note(input)
            do {
                corpus.learn(input, try await target.check(input))
            } catch {
                return FuzzRun(executions: done + 1, answers: corpus.answers, finding: ("\(error)", input))
            }
        }
        return FuzzRun(executions: executions, answers: corpus.answers, finding: nil)
    }

    /// Past inputs that led to a finding of the target.
    package static func finds(_ name: String) throws -> [[UInt8]] { try FuzzCorpus.files("Finds/\(name)") }
}
