/// Evidence, independent of the recognizer, that something was said at some time: detected speech, and sound that stands out.
///
/// If both are known, both must agree: a speech detector bridges pauses and takes some music for speech, and a sound need not be a voice.
struct SpeechEvidence: Sendable {
    /// Length of a frame in milliseconds.
    private static let frame: Int64 = 20
    /// A speech detector may begin too late or end too early by this many milliseconds.
    private static let grace: Int64 = 100
    /// A sound stands out if it is at least this many dB above the quietest tenth of the chunk. Steady noise varies by less.
    private static let prominence: Float = 2
    /// dBFS. What is quieter is a converter's own noise.
    private static let silence: Float = -80

    /// Whether it is known where there is speech.
    let knowsSpeech: Bool
    /// For each frame, how many frames before it have speech; empty if nothing is known.
    private let framesBefore: [Int32]

    /// - Parameters:
    ///   - speech: Ranges in milliseconds, in order, with gaps between them; empty: not known.
    ///   - audio: The audio that was recognized; nil: not known.
    init(speech: [Range<Int64>], audio: WAVSamples?) {
        knowsSpeech = !speech.isEmpty
        let levels = audio?.levels(every: Self.frame)
        let loud = levels.flatMap(Self.isProminent)
        guard knowsSpeech || loud != nil else {
            framesBefore = []
            return
        }
        // At most a day, whatever the ranges say.
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

    /// Whether speech or sound is known.
    var isKnown: Bool { !framesBefore.isEmpty }

    /// Returns how many milliseconds of speech there are from `start` to `end`, both in milliseconds.
    func speech(from start: Int64, to end: Int64) -> Int64 {
        guard start < end, isKnown else { return 0 }
        let last = Int64(framesBefore.count - 1)
        let (first, after) = (
            min(max(0, start / Self.frame), last), min(max(0, (end + Self.frame - 1) / Self.frame), last)
        )
        return Int64(framesBefore[Int(after)] - framesBefore[Int(first)]) * Self.frame
    }

    /// Returns for each frame whether it stands out; nil if hardly any does, so that the sound is not evidence.
    private static func isProminent(_ levels: [Float]) -> [Bool]? {
        guard !levels.isEmpty else { return nil }
        let floor = levels.sorted()[levels.count / 10]
        let isProminent = levels.map { $0 >= max(silence, floor + prominence) }
        return floor >= silence && isProminent.count(where: \.self) * 100 < levels.count ? nil : isProminent
    }
}
