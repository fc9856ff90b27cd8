import Pipeline
import TestSupport
import Testing

@Suite struct PieceCutterTests {
    private static let second: Int64 = 16_000

    /// Random speech: spans of 0.2 to 15 s with pauses of 0.02 to 3 s between.
    private static func speech(over total: Int64, using generator: inout some RandomNumberGenerator) -> [Range<Int64>] {
        var spans: [Range<Int64>] = []
        var position = Int64.random(in: 0..<(second * 2), using: &generator)
        while position < total {
            let end = min(total, position + Int64.random(in: (second / 5)..<(second * 15), using: &generator))
            spans.append(position..<end)
            position = end + Int64.random(in: (second / 50)..<(second * 3), using: &generator)
        }
        return spans
    }

    /// Cuts a whole source as the preparation does: each time with the speech of the next window.
    private static func pieces(of total: Int64, speech: [Range<Int64>]) -> [Range<Int64>] {
        let cutter = PieceCutter(total: total)
        var pieces: [Range<Int64>] = []
        var start: Int64 = 0
        while start < total {
            let window = start..<min(total, start + cutter.longest)
            let heard = speech.map { $0.clamped(to: window) }.filter { !$0.isEmpty }
                .map { ($0.lowerBound - start)..<($0.upperBound - start) }
            let end = start + cutter.cut(speech: heard, available: total - start)
            guard end > start else { break }
            pieces.append(start..<end)
            start = end
        }
        return pieces
    }

    @Test func `pieces part any source without gap or overlap, none too long, none too short but the last`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let total = Int64.random(in: 1...(Self.second * 7200), using: &generator)
            let speech = Self.speech(over: total, using: &generator)
            let cutter = PieceCutter(total: total)
            let pieces = Self.pieces(of: total, speech: speech)
            #expect(pieces.first?.lowerBound == 0)
            #expect(pieces.last?.upperBound == total)
            #expect(zip(pieces, pieces.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
            #expect(pieces.allSatisfy { Int64($0.count) <= cutter.longest })
            #expect(pieces.dropLast().allSatisfy { Int64($0.count) >= cutter.target / 2 })
        }
    }

    @Test func `a cut never falls into speech where there is a silence in reach`() {
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<100 {
            let total = Self.second * 3600
            let speech = Self.speech(over: total, using: &generator)
            for piece in Self.pieces(of: total, speech: speech).dropLast() {
                #expect(!speech.contains { $0.lowerBound < piece.upperBound && piece.upperBound < $0.upperBound })
            }
        }
    }

    @Test func `speech without a pause is cut at the target`() {
        let cutter = PieceCutter(total: Self.second * 3600)
        #expect(cutter.cut(speech: [0..<cutter.longest], available: Self.second * 3600) == cutter.target)
    }

    @Test func `a source that fits one piece is one piece`() {
        let cutter = PieceCutter(total: Self.second * 80)
        #expect(cutter.cut(speech: [], available: Self.second * 80) == Self.second * 80)
    }

    @Test func `the silence nearest to the target is chosen, in its middle`() {
        let cutter = PieceCutter(total: Self.second * 3600)
        let pause = (cutter.target - Self.second * 3)..<(cutter.target - Self.second)
        let speech = [0..<pause.lowerBound, pause.upperBound..<cutter.longest]
        #expect(cutter.cut(speech: speech, available: Self.second * 3600) == cutter.target - Self.second * 2)
    }
}
