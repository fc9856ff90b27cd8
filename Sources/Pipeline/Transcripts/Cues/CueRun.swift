// Where cues may not reach across: a change of speaker or a silence.

/// Fragments by one speaker without a long silence between them, in order and without overlap.
struct CueRun {
    let speaker: String?
    private(set) var fragments: [CueFragment] = []

    /// Takes the fragment unless a silence parts it from the last one. Overlapping times are trimmed.
    fileprivate mutating func take(_ fragment: CueFragment) -> Bool {
        var fragment = fragment
        if let last = fragments.last {
            if fragment.start - last.end >= CueLimits.silence { return false }
            fragment.start = max(fragment.start, last.start)
            fragment.end = max(fragment.end, fragment.start)
            fragments[fragments.count - 1].end = min(last.end, fragment.start)
        }
        fragments.append(fragment)
        return true
    }
}

extension Transcript {
    /// All that is said, as runs in the order of the segments.
    var cueRuns: [CueRun] {
        var runs: [CueRun] = []
        for segment in segments {
            for (fragment, speaker) in segment.cueFragments(after: runs.last?.fragments.last?.text) {
                if let last = runs.indices.last, runs[last].speaker == speaker, runs[last].take(fragment) { continue }
                var run = CueRun(speaker: speaker)
                _ = run.take(fragment)
                runs.append(run)
            }
        }
        return runs
    }
}

extension Transcript.Segment {
    fileprivate func cueFragments(after previous: String?) -> [(fragment: CueFragment, speaker: String?)] {
        var result: [(fragment: CueFragment, speaker: String?)] = []
        // A word of nothing but a space hands it to the next one.
        var space = false
        for word in words {
            let fragments = CueFragment.fragments(of: word)
            space = space || word.spaced
            for (index, fragment) in fragments.enumerated() {
                result.append((fragment, word.speaker ?? speaker))
                if index == 0 { result[result.count - 1].fragment.spaced = space }
            }
            if !fragments.isEmpty { space = false }
        }
        var claim = result.first?.fragment.spaced
        if result.isEmpty {
            result = CueFragment.fragments(of: text, start: start, end: end).map { ($0, speaker) }
            claim = nil
        }
        if let previous, let first = result.first?.fragment.text.first {
            result[0].fragment.spaced = !previous.joinsWithoutSpace(before: first, spaced: claim)
        }
        return result
    }
}
