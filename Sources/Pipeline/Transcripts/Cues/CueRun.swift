/// Fragments by one speaker without a long silence between them, in order and without overlap. A cue never extends beyond a run.
struct CueRun {
    let speaker: String?
    private(set) var fragments: [CueFragment] = []

    /// Appends the fragment, unless there is a long silence before it. Trims overlapping times. Returns whether it was appended.
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
    /// Returns the transcript's words as runs, in the order of the segments.
    func cueRuns(within limits: CueLimits) -> [CueRun] {
        var runs: [CueRun] = []
        for segment in segments {
            for (fragment, speaker) in segment.cueFragments(
                within: limits, after: runs.last?.fragments.last?.text)
            {
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
    fileprivate func cueFragments(
        within limits: CueLimits, after previous: String?
    ) -> [(fragment: CueFragment, speaker: String?)] {
        var result: [(fragment: CueFragment, speaker: String?)] = []
        // If a word is only a space, the next word gets the space.
        var space = false
        for word in words {
            let fragments = CueFragment.fragments(of: word, within: limits)
            space = space || word.spaced
            for (index, fragment) in fragments.enumerated() {
                result.append((fragment, word.speaker ?? speaker))
                if index == 0 { result[result.count - 1].fragment.spaced = space }
            }
            if !fragments.isEmpty { space = false }
        }
        var claim = result.first?.fragment.spaced
        if result.isEmpty {
            result = CueFragment.fragments(of: text, start: start, end: end, within: limits).map { ($0, speaker) }
            claim = nil
        }
        if let previous, let first = result.first?.fragment.text.first {
            result[0].fragment.spaced = !previous.joinsWithoutSpace(before: first, spaced: claim)
        }
        return result
    }
}
