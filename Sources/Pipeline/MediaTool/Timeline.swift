/// Keeps what is heard in step with the source's clock.
///
/// Sound that begins late, or pauses, is preceded by silence, so that a word's time is its time in the source. The source's time
/// stamps are believed unless they are impossible (`docs/decisions/0019`): a jump is believed when the sound after it goes on from
/// there, and as long as the pauses stay within what the container states or within `longestUnstated`. A clock that steps back
/// begins anew. Small differences are left alone: time stamps jitter.
struct Timeline {
    /// What is to be done before the next frame's sound is written.
    enum Step: Equatable {
        /// So many seconds of silence.
        case pause(Double)
        /// Nothing is to be written from here on, only kept: whether a pause was here will be known soon.
        case hold
        /// So many seconds of silence, then what was kept.
        case release(pause: Double)
    }

    /// Seconds of sound and silence so far.
    private(set) var position = 0.0
    /// Seconds of silence among them.
    private(set) var pauses = 0.0

    private let statedSeconds: Double?
    /// What to add to the file's time stamps, after some that were not believed.
    private var shift = 0.0
    /// Where the last frame ended, by its own stamp.
    private var expected: Double?
    private var doubt: Doubt?

    /// A jump of the clock of which it is not known whether the clock stays there.
    private struct Doubt {
        /// How far the clock is ahead of what was heard; negative after a step back.
        let gap: Double
        /// How far it jumped from one frame to the next.
        let jump: Double
        /// What was heard since.
        var seconds = 0.0
        var frames = 0
    }

    /// Seconds the time stamps may be early or late.
    static let tolerance = 0.1
    /// Seconds of pause that are believed at once.
    static let unquestioned = 2.0
    /// Seconds back from one frame to the next at which the clock must have started anew (files joined end to end).
    static let restart = 1.0
    /// Seconds of sound after a jump, in two frames or more, that confirm it.
    static let confirmation = 1.0
    /// Seconds of sound that are kept at most until a jump is decided.
    static let longestHeld = 10.0
    /// Seconds that a pause at the very end, with less sound after it than confirms one, is believed to last.
    static let longestUnconfirmed = 60.0
    /// Seconds of pauses, all together, that are believed of a container that does not state so long a duration. The clocks that
    /// recorders write wrap around after 6.6 hours or more; nobody is silent for longer in a recording that is worth its minutes.
    static let longestUnstated = 4 * 3600.0
    /// Seconds that no plan takes: no pause is believed to last longer, whatever the container states.
    static let longest = 36_000.0

    /// - Parameter statedSeconds: What the container states, not what was estimated from its bytes.
    init(statedSeconds: Double?) {
        self.statedSeconds = statedSeconds
    }

    /// Takes note of the next frame, and tells what is to be done before its sound is written.
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

    /// No frame comes any more.
    mutating func end() -> [Step] {
        guard let doubt else { return [] }
        let isEnough = doubt.frames > 2 || doubt.gap <= Self.longestUnconfirmed || isStated(doubt.gap)
        return settle(believing: isEnough)
    }

    /// Whether the clock has stayed where it jumped to.
    private mutating func judge(_ known: Doubt, by time: Double, _ steps: inout [Step]) {
        let ahead = time + shift - position - known.gap
        if abs(ahead) <= Self.restart / 2 {
            guard known.seconds >= Self.confirmation && known.frames > 1 || known.seconds >= Self.longestHeld else {
                return
            }
            steps += settle(believing: true)
        } else {
            // On from there, it may be another pause: then the first was one. Back, and the stamps in between were stray.
            let isBackInStep = abs(ahead + known.jump) <= Self.restart / 2
            let isReal = ahead > 0 && !isBackInStep
            steps += settle(believing: isReal)
            // From a stray stamp nothing is counted.
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
