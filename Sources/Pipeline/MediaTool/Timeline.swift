/// Keeps the decoded sound in step with the source's clock, so that a word's time is its time in the source.
///
/// It inserts silence where sound begins late or pauses. It believes the source's time stamps unless they are impossible
/// (`docs/decisions/0019`). A jump forward is believed if the following frames confirm it, and if all pauses together stay within the
/// container's stated duration or within `longestUnstated`. A clock that steps back has started again. Small differences are
/// ignored, because time stamps jitter.
struct Timeline {
    /// What to do before the next frame's sound is written.
    enum Step: Equatable {
        /// Write this many seconds of silence.
        case pause(Double)
        /// Hold the sound back from here on, until it is known whether there was a pause.
        case hold
        /// Write this many seconds of silence, then the sound that was held back.
        case release(pause: Double)
    }

    /// Seconds of sound and silence so far.
    private(set) var position = 0.0
    /// Seconds of silence among them.
    private(set) var pauses = 0.0

    private let statedSeconds: Double?
    /// Seconds to add to the file's time stamps, because earlier ones were not believed.
    private var shift = 0.0
    /// When the last frame ended, by its own time stamp, in seconds.
    private var expected: Double?
    private var doubt: Doubt?

    /// A jump of the clock that is not confirmed yet. All times are in seconds.
    private struct Doubt {
        /// How far the clock is ahead of `position`; negative after a step back.
        let gap: Double
        /// How far the clock jumped from one frame to the next.
        let jump: Double
        /// Sound since the jump.
        var seconds = 0.0
        /// Frames since the jump.
        var frames = 0
    }

    /// Seconds by which time stamps may be early or late.
    static let tolerance = 0.1
    /// A pause of up to this many seconds is believed immediately.
    static let unquestioned = 2.0
    /// A clock that steps back by more than this many seconds from one frame to the next has started again (files joined end to end).
    static let restart = 1.0
    /// Seconds of sound after a jump, in two frames or more, that confirm it.
    static let confirmation = 1.0
    /// At most this many seconds of sound are held back until a jump is decided.
    static let longestHeld = 10.0
    /// Near the end, too little sound may follow a jump to confirm it. A pause of up to this many seconds is believed there.
    static let longestUnconfirmed = 60.0
    /// Seconds of all pauses together that are believed if the container doesn't state so long a duration. Recorders' clocks wrap around
    /// after 6.6 hours or more, and nobody is silent for longer in a recording that is worth its minutes.
    static let longestUnstated = 4 * 3600.0
    /// Seconds, the longest duration of any plan. No longer pause is believed, whatever the container states.
    static let longest = 36_000.0

    /// - Parameter statedSeconds: The duration that the container states, not one estimated from its size.
    init(statedSeconds: Double?) {
        self.statedSeconds = statedSeconds
    }

    /// Places the next frame on the timeline and returns what to do before its sound is written.
    ///
    /// - Parameters:
    ///   - time: When the frame starts, in seconds by its time stamp; nil if it has none.
    ///   - seconds: The frame's duration.
    mutating func place(_ time: Double?, seconds: Double) -> [Step] {
        var steps: [Step] = []
        if let time {
            if let known = doubt { judge(known, by: time, &steps) }
            if doubt == nil { look(at: time, &steps) }
            if doubt != nil, seconds > Self.longestHeld { steps.append(contentsOf: settle(believing: true)) }
            expected = time + seconds
        } else {
            expected = expected.map { $0 + seconds }
        }
        doubt?.seconds += seconds
        doubt?.frames += 1
        position += seconds
        return steps
    }

    /// Ends the timeline and returns what is left to do.
    mutating func end() -> [Step] {
        guard let doubt else { return [] }
        let isEnough = doubt.frames > 2 || doubt.gap <= Self.longestUnconfirmed || isStated(doubt.gap)
        return settle(believing: isEnough)
    }

    /// Decides about a jump, once it is clear whether the clock stays where it jumped to.
    private mutating func judge(_ known: Doubt, by time: Double, _ steps: inout [Step]) {
        let ahead = time + shift - position - known.gap
        if abs(ahead) <= Self.restart / 2 {
            guard known.seconds >= Self.confirmation && known.frames > 1 || known.seconds >= Self.longestHeld else {
                return
            }
            steps += settle(believing: true)
        } else {
            // If the clock jumped on from there, this may be another pause, and the first was real. If it went back, the time stamps in
            // between were wrong.
            let isBackInStep = abs(ahead + known.jump) <= Self.restart / 2
            let isReal = ahead > 0 && !isBackInStep
            steps += settle(believing: isReal)
            // Don't measure the next jump from a wrong time stamp.
            if !isReal { expected = position - shift }
        }
    }

    private mutating func look(at time: Double, _ steps: inout [Step]) {
        let gap = time + shift - position
        let jump = expected.map { time - $0 } ?? gap
        if gap > Self.unquestioned || jump < -Self.restart {
            doubt = Doubt(gap: gap, jump: jump)
            if gap > Self.unquestioned { steps.append(.hold) }
        } else if gap > Self.tolerance {
            if isBelievable(gap) {
                add(pause: gap)
                steps.append(.pause(gap))
            } else {
                shift -= gap
            }
        }
    }

    private mutating func settle(believing isReal: Bool) -> [Step] {
        guard let known = doubt else { return [] }
        doubt = nil
        let wasHeld = known.gap > Self.unquestioned
        guard isReal else { return wasHeld ? [.release(pause: 0)] : [] }
        guard wasHeld else {
            shift -= known.jump
            return []
        }
        guard isBelievable(known.gap) else {
            shift -= known.gap
            return [.release(pause: 0)]
        }
        add(pause: known.gap)
        return [.release(pause: known.gap)]
    }

    private mutating func add(pause: Double) {
        position += pause
        pauses += pause
    }

    private func isBelievable(_ gap: Double) -> Bool {
        isStated(gap) || pauses + gap <= Self.longestUnstated
    }

    private func isStated(_ gap: Double) -> Bool {
        guard let statedSeconds else { return false }
        return gap <= Self.longest && position + gap <= statedSeconds + 1
    }
}
