/// What tells whether something was said at some time, beside the model that claims it: where a detector hears speech, and where there is
/// any sound that stands out.
///
/// Both must agree where both are known: a detector bridges pauses and takes some music for speech, and a sound need not be a voice.
struct SpeechEvidence: Sendable {
    /// Milliseconds that are looked at together.
    private static let frame: Int64 = 20
    /// Milliseconds by which a detector may hear speech too late or lose it too early.
    private static let grace: Int64 = 100
    /// dB above the quietest tenth of the chunk at which a sound stands out: steady noise varies by less.
    private static let prominence: Float = 2
    /// dB below full scale: what is quieter is a converter's own noise.
    private static let silence: Float = -80

    /// Whether somebody told where there is speech.
    let knowsSpeech: Bool
    /// How many frames before each hold speech; empty where nothing is known.
    private let framesBefore: [Int32]

    /// - Parameters:
    ///   - speech: in milliseconds, in order, apart from each other; empty: nobody knows.
    ///   - audio: what was recognized; nil: not known.
    init(speech: [Range<Int64>], audio: WAVSamples?) {
        knowsSpeech = !speech.isEmpty
        let levels = audio?.levels(every: Self.frame)
        let loud = levels.flatMap(Self.isProminent)
        guard knowsSpeech || loud != nil else {
            framesBefore = []
            return
        }
        // A day at most, whatever is told.
        let last = min(max(0, speech.last?.upperBound ?? 0) + Self.grace, 86_400_000) / Self.frame
        var isSpoken = [Bool](repeating: !knowsSpeech, count: max(loud?.count ?? 0, knowsSpeech ? Int(last) + 1 : 0))
        for span in speech {
            let first = Int(min(max(0, span.lowerBound - Self.grace) / Self.frame, Int64(isSpoken.count)))
            let end = Int(min(max(0, span.upperBound + Self.grace) / Self.frame, Int64(isSpoken.count)))
            for index in first..<max(first, end) { isSpoken[index] = true }
        }
        if let loud {
            for index in isSpoken.indices where index >= loud.count || !loud[index] { isSpoken[index] = false }
        }
        var count: Int32 = 0
        framesBefore =
            [0]
            + isSpoken.map { isSpoken in
                count += isSpoken ? 1 : 0
                return count
            }
    }

    /// Whether anything at all is known.
    var isKnown: Bool { !framesBefore.isEmpty }

    /// For how many milliseconds of that time there is speech.
    func speech(from start: Int64, to end: Int64) -> Int64 {
        guard start < end, isKnown else { return 0 }
        let last = Int64(framesBefore.count - 1)
        let (first, after) = (
            min(max(0, start / Self.frame), last), min(max(0, (end + Self.frame - 1) / Self.frame), last)
        )
        return Int64(framesBefore[Int(after)] - framesBefore[Int(first)]) * Self.frame
    }

    /// For each frame whether it stands out; nil where one is like another, so that sound tells nothing.
    private static func isProminent(_ levels: [Float]) -> [Bool]? {
        guard !levels.isEmpty else { return nil }
        let floor = levels.sorted()[levels.count / 10]
        let isProminent = levels.map { $0 >= max(silence, floor + prominence) }
        return floor >= silence && isProminent.count(where: \.self) * 100 < levels.count ? nil : isProminent
    }
}
