/// Keeps what is heard in step with the source's clock.
///
/// Audio that begins late, or pauses, is preceded by silence, so that a word's time is its time in the source. Small
/// differences are left alone: timestamps jitter. Silence is only added where the container's own duration leaves room
/// for it, so that one false timestamp cannot make hours.
struct Timeline {
    /// Seconds of audio and silence so far.
    private(set) var position: Double = 0

    private let claimedSeconds: Double?
    /// What to add to the file's timestamps, after one that was not believed.
    private var shift: Double = 0

    /// Seconds the timestamps may be early or late.
    static let tolerance = 0.1
    /// Seconds of pause that are believed of a container that does not say how long it is.
    static let longestUnclaimedPause = 60.0
    /// Seconds back at which the clock must have started anew (files joined end to end).
    static let restart = 10.0

    init(claimedSeconds: Double?) {
        self.claimedSeconds = claimedSeconds
    }

    /// Seconds of silence due before a frame with this timestamp, and counts them as heard.
    mutating func silence(before time: Double?) -> Double {
        guard let time else { return 0 }
        let gap = time + shift - position
        if gap <= Self.tolerance, gap >= -Self.restart { return 0 }
        guard gap > 0, isBelievable(gap) else {
            shift -= gap
            return 0
        }
        position += gap
        return gap
    }

    /// Counts a frame as heard.
    mutating func advance(samples: Int32, rate: Int32) {
        position += Double(samples) / Double(rate)
    }

    private func isBelievable(_ gap: Double) -> Bool {
        if let claimedSeconds { position + gap <= claimedSeconds + 1 } else { gap <= Self.longestUnclaimedPause }
    }
}
