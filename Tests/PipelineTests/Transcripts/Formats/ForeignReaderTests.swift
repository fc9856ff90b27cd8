import Pipeline
import TestSupport
import Testing

/// All that the other tests know of the formats they know from our own readers. Here other people's have the word.
@Suite struct ForeignReaderTests {
    @Test func `webvtt-py finds the cues, times, voices and lines that were written`() async throws {
        let files = Samples.everything(random: 150).map { $0.rendered(as: .vtt) }
        let readings = try await ForeignReader.read(files, as: "vtt", [SubtitleFile.Cue].self)
        for (file, reading) in zip(files, readings) {
            let written = try SubtitleFile(webVTT: file).cues
            try #require(reading == written)
        }
        #expect(Set(readings[0].map(\.voice)) == ["speaker_0", "speaker_1"])
        #expect(readings[0].last?.text == "The arrow says --> north.")
    }

    @Test func `srt finds the cues, times and lines that were written`() async throws {
        let files = Samples.everything(random: 150).map { $0.rendered(as: .srt) }
        let readings = try await ForeignReader.read(files, as: "srt", [SubtitleFile.Cue].self)
        for (file, reading) in zip(files, readings) {
            let written = try SubtitleFile(subRip: file).cues
            try #require(reading == written)
        }
        #expect(readings[0].last?.text == "The arrow says → north.")
    }

    @Test(arguments: [TranscriptFormat.vtt, .srt])
    func `players show every word between its start and its end`(format: TranscriptFormat) async throws {
        let transcript = Samples.interview
        let cues = try await ForeignReader.read(
            [transcript.rendered(as: format)], as: format.rawValue, [SubtitleFile.Cue].self)[0]
        let words = transcript.segments.flatMap { segment in segment.words.map { ($0, segment.speaker) } }
        let shown = cues.flatMap { cue in cue.text.split(separator: " ").map { (cue, $0) } }
        try #require(shown.count == words.count)
        for ((cue, text), (word, speaker)) in zip(shown, words) {
            try #require(text == word.text || text == "→" || text.contains("\u{2060}"))
            // A cue may come half a second late, when the short one before it needs that to be read.
            try #require(cue.start - 500 <= word.start && word.start < cue.end)
            try #require(format == .srt || cue.voice == speaker)
        }
    }

    @Test func `python-docx finds the turns that the plain text has, and the Open XML rules no fault`() async throws {
        let transcripts = Samples.everything(random: 60)
        let files = transcripts.map { $0.rendered(as: .docx, title: "a <b> & \"c\".mp3") }
        let readings = try await ForeignReader.read(files, as: "docx", ForeignReader.WordDocument.self)
        for (transcript, document) in zip(transcripts, readings) {
            let named = transcript.speakers.count > 1
            let paragraphs = document.turns.map { turn in
                (named ? turn.speaker.map { $0 + ": " } ?? "" : "") + turn.text + "\n"
            }
            let text = String(decoding: transcript.rendered(as: .txt), as: UTF8.self)
            // The two characters that XML cannot hold and plain text can.
            let expected = String(text.unicodeScalars.filter { $0.value != 0xFFFE && $0.value != 0xFFFF })
            try #require(paragraphs.joined(separator: "\n") == expected)
            try #require(document.title == "a <b> & \"c\".mp3" && document.titleProperty == document.title)
            try #require(document.others == (document.turns.isEmpty ? ["No words were recognized."] : []))
        }
    }

    @Test func `python-docx finds speakers, times and directions of an Arabic conversation`() async throws {
        let file = Samples.arabic.rendered(as: .docx)
        let document = try await ForeignReader.read([file], as: "docx", ForeignReader.WordDocument.self)[0]
        typealias Turn = ForeignReader.WordDocument.Turn
        #expect(
            document.turns == [
                Turn(
                    speaker: "speaker_0", time: "0:00:01", text: "مرحبا بكم في البرنامج، اليوم نتحدث عن Nile والأنهار.",
                    rightToLeft: true, wordsRightToLeft: true),
                Turn(speaker: "speaker_1", time: "0:00:03", text: "שלום עולם Thank you, shukran."),
                Turn(
                    speaker: "speaker_0", time: "1:01:01", text: "1912 …", rightToLeft: true, wordsRightToLeft: true),
            ])
        #expect(document.languages == ["val": "en-US", "bidi": "ar"])
        #expect(document.languageProperty == "ar")
        #expect(document.title == "Transcript")
        #expect(
            document.facts == [
                ["Duration", "1:01:40"], ["Language", "Arabic (ar)"], ["Engine", "whisper_base"], ["Model", "base"],
                ["Diarization", "channels"], ["Speakers", "2"], ["Job", "job_01J0000000000000000000000"],
            ])
    }

    @Test func `LibreOffice shows title, facts and turns`() async throws {
        let transcripts = Samples.everything(random: 12)
        let files = transcripts.map { $0.rendered(as: .docx, title: "Rivers, <part> & 2 مرحبا") }
        let documents = try await ForeignReader.read(files, as: "docx", ForeignReader.WordDocument.self)
        let shown = try await ForeignReader.libreOfficeLines(files)
        for (document, lines) in zip(documents, shown) {
            let turns = document.turns.flatMap { [($0.speaker.map { $0 + " " } ?? "") + $0.time, $0.text] }
            let expected =
                [document.title] + document.facts.map { $0.joined(separator: "\t") } + turns + document.others
            try #require(lines == expected)
        }
    }

    @Test func `a damaged Word document is refused`() async throws {
        var file = Samples.interview.rendered(as: .docx)
        let place = try #require(file.firstRange(of: Array("Dr. Vega".utf8)))
        file[place.lowerBound] = UInt8(ascii: "X")
        let refusal = try await ForeignReader.refusal(of: file, as: "docx")
        #expect(refusal?.contains("word/document.xml is damaged") == true)
    }
}
