import Foundation
import TestSupport

/// The inputs to begin with, and all later ones that led to something new.
package struct FuzzCorpus {
    private var inputs: [[UInt8]]
    private var seen: Set<String> = []
    private var mutator: Mutator
    /// Those that are tried unchanged first.
    private var fresh: ArraySlice<[UInt8]>

    private var bytes = 0
    /// What is kept at most, in inputs and in bytes.
    private static let (most, mostBytes) = (4_000, 64 << 20)

    /// - Parameters:
    ///   - finds: past inputs that led to a fault.
    ///   - seed: the same number gives the same inputs.
    package init(_ target: some FuzzTarget, finds: [[UInt8]] = [], seed: UInt64) {
        inputs = finds + target.seeds
        fresh = inputs[...]
        mutator = Mutator(seed: seed, dictionary: target.dictionary, longest: target.longest)
    }

    package var count: Int { inputs.count }

    /// How many different answers there were.
    package var answers: Int { seen.count }

    /// Returns the next input.
    package mutating func next() -> [UInt8] {
        if let input = fresh.popFirst() { return input }
        guard !inputs.isEmpty else { return [] }
        return mutator.mutated(inputs[mutator.below(inputs.count)], others: inputs)
    }

    /// Keeps an input that led to a new answer.
    package mutating func learn(_ input: [UInt8], _ answer: String) {
        guard seen.count < Self.most, bytes < Self.mostBytes, seen.insert(answer).inserted else { return }
        bytes += input.count
        inputs.append(input)
    }

    /// The files of a folder below `Tests/Fuzzing`, in the order of their names.
    package static func files(_ folder: String) throws -> [[UInt8]] {
        let path = Checkout.root + "/Tests/Fuzzing/" + folder
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: path).sorted().filter { !$0.hasPrefix(".") }
            .map { Array(try Data(contentsOf: URL(filePath: path + "/" + $0))) }
    }
}
