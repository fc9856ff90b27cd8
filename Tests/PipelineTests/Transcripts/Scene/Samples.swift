import Pipeline

/// Transcripts written by hand, and functions that make more.
enum Samples {
    /// A segment of words of `pace` milliseconds each, one after the other.
    static func segment(
        _ text: String, at start: Int64 = 0, pace: Int64 = 300, speaker: String? = nil, words: Bool = true
    ) -> Transcript.Segment {
        var time = start
        let spoken = text.split(separator: " ").map { part in
            defer { time += pace }
            return Transcript.Word(
                recognized: " " + part, start: time, end: time + pace, confidence: 0.9, speaker: speaker)
        }
        return Transcript.Segment(
            speaker: speaker, speakerConfidence: speaker.map { _ in 0.8 }, start: start, end: time, text: text,
            confidence: 0.9, words: words ? spoken : [])
    }

    /// A transcript with these segments. Without a duration, it ends with the last one.
    static func transcript(
        _ segments: [Transcript.Segment], speakers: [String] = [], duration: Int64? = nil
    ) -> Transcript {
        Transcript(
            jobID: "job_01J0000000000000000000000", language: "en",
            durationMilliseconds: duration ?? segments.map(\.end).max() ?? 0, engine: "whisper_base", model: "base",
            diarization: speakers.isEmpty ? "none" : "segmentation-3.0+campplus", speakers: speakers,
            segments: segments)
    }

    static let interview: Transcript = {
        var transcript = Samples.transcript(
            [
                segment(
                    "Good morning, and welcome back to the programme. Today we talk about rivers, how they move, "
                        + "and why nobody who lives beside one should be surprised.",
                    at: 520, pace: 310, speaker: "speaker_0"),
                segment("Thank you. I brought a map.", at: 9_200, pace: 270, speaker: "speaker_1"),
                segment("Yes?", at: 10_900, pace: 240, speaker: "speaker_0"),
                segment(
                    "Dr. Vega drew it in 1912; it shows <three> islands & a ford -- all of them gone.", at: 11_140,
                    pace: 333, speaker: "speaker_1"),
                segment("The arrow says --> north.", at: 19_000, pace: 400, speaker: "speaker_1"),
            ],
            speakers: ["speaker_0", "speaker_1"], duration: 21_337)
        transcript.languageConfidence = 0.98765
        transcript.engine = "whisper_large_v3"
        transcript.model = "large-v3"
        transcript.fallback = .init(from: "assemblyai_universal_3", reason: "timeout", chunks: 1)
        for index in transcript.segments.indices { transcript.segments[index].engine = "assemblyai_universal_3" }
        transcript.segments[4].engine = "whisper_large_v3"
        transcript.segments[4].words[0].confidence = nil
        return transcript
    }()

    /// Scripts without spaces, from right to left, and pictures; one segment without words.
    static let scripts: Transcript = {
        var chinese = segment("", at: 0)
        chinese.text = "我們今天討論天氣，因為昨天下了一整天的雨，河水漲得很高。你們那裡怎麼樣？"
        chinese.end = 9_000
        var japanese = segment("", at: 9_500)
        japanese.text = "今日は、とても暑いです。"
        japanese.words = ["今日は、", "とても", "暑い", "です。"].enumerated().map { index, text in
            let start = 9_500 + Int64(index) * 400
            return .init(recognized: text, start: start, end: start + 400, confidence: 0.5)
        }
        japanese.end = 11_100
        return transcript(
            [
                chinese, japanese,
                segment("مرحبا بكم في البرنامج، اليوم نتحدث عن الأنهار. لماذا؟", at: 12_000, pace: 350),
                segment("Family 👨‍👩‍👧‍👦 and flags 🇩🇪🇫🇷 fit.", at: 17_000, pace: 350),
                segment("<b>bold</b> {\\an8} a<b 1 < 2 &amp; \"quoted\" \\ --> x-->y", at: 20_000, pace: 350),
            ],
            duration: 26_000)
    }()

    /// Arabic by two speakers who overlap, one of whom quotes Hebrew and answers in English.
    static let arabic: Transcript = {
        var transcript = Samples.transcript(
            [
                segment(
                    "مرحبا بكم في البرنامج، اليوم نتحدث عن Nile والأنهار.", at: 1_000, pace: 400, speaker: "speaker_0"),
                segment("שלום עולם", at: 3_000, pace: 500, speaker: "speaker_1"),
                segment("Thank you, shukran.", at: 5_200, pace: 400, speaker: "speaker_1"),
                segment("1912 …", at: 3_661_000, pace: 400, speaker: "speaker_0"),
            ],
            speakers: ["speaker_0", "speaker_1"], duration: 3_700_500)
        transcript.language = "ar"
        transcript.diarization = "channels"
        return transcript
    }()

    /// What could break files: markup, arrows, control characters, characters that XML can't hold, a word longer than any line.
    static let hostile: Transcript = {
        let text = "]]> </w:t> &amp; <!-- --> \"x\" 'y' a\u{0}b\u{1B}c\u{B}d \u{FFFE}e\u{FFFF} 👨‍👩‍👧‍👦 f\u{301} -- > 7"
        return transcript(
            [
                segment(text, at: 0, pace: 400, speaker: "<speaker> & \u{1}\"0\""),
                segment(String(repeating: "aé漢😀", count: 800), at: 20_000, pace: 60_000, speaker: "speaker_1"),
                segment("no words, only text --> & <b>", at: 90_000, speaker: "speaker_1", words: false),
            ],
            speakers: ["<speaker> & \u{1}\"0\"", "speaker_1"], duration: 99_000)
    }()

    static let withoutWords: Transcript = transcript([], duration: 5_000)

    /// All of the above, one with only a segment without words, and random ones.
    static func everything(random: Int) -> [Transcript] {
        var spokenText = segment("我們今天討論天氣，因為昨天下了一整天的雨。", words: false)
        spokenText.end = 6_000
        var chinese = transcript([spokenText])
        chinese.language = "zh"
        return [interview, scripts, arabic, hostile, withoutWords, chinese]
            + (0..<random).map { seed in
                var random = RandomTranscript(seed: UInt64(seed), wild: seed % 2 == 0)
                return random.transcript()
            }
    }
}
