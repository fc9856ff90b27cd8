import Pipeline
import TestSupport
import Testing

/// Where a recording that changes between languages is divided.
@Suite struct LanguageRunsTests {
    private static let second: Int64 = 16_000

    /// Somebody speaks in these seconds.
    private static func speech(_ spans: [(Double, Double)]) -> [Range<Int64>] {
        spans.map { Int64($0.0 * 16_000)..<Int64($0.1 * 16_000) }
    }

    @Test func `a run ends in the silence where the next language begins`() async throws {
        let speech = Self.speech([(1, 8), (9, 13), (15, 27), (28, 39), (41, 52)])
        let (runs, main) = try await LanguageRuns(total: 60 * Self.second, speech: speech).runs { parts in
            let start = (parts.first?.lowerBound ?? 0) / Self.second
            return start < 14 ? ("en", 0.9) : start < 40 ? ("de", 0.95) : ("en", 0.99)
        }
        #expect(
            runs == [
                LanguageRun(samples: 0..<14 * Self.second, language: "en"),
                LanguageRun(samples: 14 * Self.second..<40 * Self.second, language: "de"),
                LanguageRun(samples: 40 * Self.second..<60 * Self.second, language: "en"),
            ])
        #expect(main == "de")
    }

    @Test func `what is unsure has the language of its neighbor, and without any sure one the best guess`() async throws
    {
        let speech = Self.speech((0..<5).map { (Double($0) * 20, Double($0) * 20 + 15) })
        func runs(_ guesses: [LanguageRuns.Guess?]) async throws -> [String?] {
            let found = try await LanguageRuns(total: 100 * Self.second, speech: speech).runs { parts in
                guesses[Int((parts.first?.lowerBound ?? 0) / Self.second / 20)]
            }
            return found.runs.map(\.language)
        }
        #expect(try await runs([("en", 0.3), ("fr", 0.9), ("nn", 0.4), nil, ("de", 0.8)]) == ["fr", "de"])
        #expect(try await runs([("en", 0.3), ("fr", 0.5), nil, ("nn", 0.1), nil]) == ["fr"])
        #expect(try await runs([nil, nil, nil, nil, nil]) == [nil])
    }

    @Test func `without speech there is one run, and no language`() async throws {
        let (runs, main) = try await LanguageRuns(total: 100, speech: []).runs { _ in ("en", 1) }
        #expect(runs == [LanguageRun(samples: 0..<100, language: nil)] && main == nil)
    }

    @Test func `runs cover every recording, end in silences, and what is listened to has some seconds`() async throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<100 {
            let total = Int64.random(in: 1...(Self.second * 3_600), using: &generator)
            var (speech, position): ([Range<Int64>], Int64) = ([], Int64.random(in: 0..<Self.second, using: &generator))
            while position < total {
                let end = min(total, position + Int64.random(in: 1...(Self.second * 40), using: &generator))
                speech.append(position..<end)
                position = end + Int64.random(in: 1...(Self.second * 3), using: &generator)
            }
            let asked = speech
            let (runs, _) = try await LanguageRuns(total: total, speech: speech).runs { parts in
                let length = parts.reduce(0) { $0 + $1.count }
                #expect(length <= 30 * 16_000 && !parts.isEmpty)
                return (["en", "de", "fr"][Int(parts[0].lowerBound % 3)], 0.9)
            }
            #expect(runs.first?.samples.lowerBound == 0 && runs.last?.samples.upperBound == total)
            #expect(zip(runs, runs.dropFirst()).allSatisfy { $0.samples.upperBound == $1.samples.lowerBound })
            #expect(zip(runs, runs.dropFirst()).allSatisfy { $0.language != $1.language })
            for border in runs.dropFirst().map(\.samples.lowerBound) {
                #expect(!asked.contains { $0.lowerBound < border && border < $0.upperBound })
            }
            let cuts = runs.flatMap { ChunkCutter.cuts(of: $0.samples, speech: asked) }
            #expect(zip(cuts, cuts.dropFirst()).allSatisfy { $0.samples.upperBound == $1.samples.lowerBound })
            #expect(cuts.last?.samples.upperBound == total)
        }
    }
}
