// Where cues may not reach across: a change of speaker or a silence.

/// Pieces by one speaker without a long silence between them, in order and without overlap.
struct CueRun {
    let speaker: String?
    private(set) var pieces: [CuePiece] = []

    /// Takes the piece unless a silence parts it from the last one. Overlapping times are trimmed.
    fileprivate mutating func take(_ piece: CuePiece) -> Bool {
        var piece = piece
        if let last = pieces.last {
            if piece.start - last.end >= CueLimits.silence { return false }
            piece.start = max(piece.start, last.start)
            piece.end = max(piece.end, piece.start)
            pieces[pieces.count - 1].end = min(last.end, piece.start)
        }
        pieces.append(piece)
        return true
    }
}

extension Transcript {
    /// All that is said, as runs in the order of the segments.
    var cueRuns: [CueRun] {
        var runs: [CueRun] = []
        for segment in segments {
            for (piece, speaker) in segment.cuePieces(after: runs.last?.pieces.last?.text) {
                if let last = runs.indices.last, runs[last].speaker == speaker, runs[last].take(piece) { continue }
                var run = CueRun(speaker: speaker)
                _ = run.take(piece)
                runs.append(run)
            }
        }
        return runs
    }
}

extension Transcript.Segment {
    fileprivate func cuePieces(after previous: String?) -> [(piece: CuePiece, speaker: String?)] {
        var result: [(piece: CuePiece, speaker: String?)] = []
        // A word of nothing but a space hands it to the next one.
        var space = false
        for word in words {
            let pieces = CuePiece.pieces(of: word)
            space = space || word.spaced
            for (index, piece) in pieces.enumerated() {
                result.append((piece, word.speaker ?? speaker))
                if index == 0 { result[result.count - 1].piece.spaced = space }
            }
            if !pieces.isEmpty { space = false }
        }
        var claim = result.first?.piece.spaced
        if result.isEmpty {
            result = CuePiece.pieces(of: text, start: start, end: end).map { ($0, speaker) }
            claim = nil
        }
        if let previous, let first = result.first?.piece.text.first {
            result[0].piece.spaced = !previous.joinsWithoutSpace(before: first, spaced: claim)
        }
        return result
    }
}
