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

    @Test(arguments: [TranscriptFormat.vtt, .srt, .ttml])
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

    @Test func `ttconv finds the cues, times, voices and lines that were written in TTML`() async throws {
        let files = Samples.everything(random: 100).map { $0.rendered(as: .ttml, title: "a <b> & \"c\".mp3") }
        let readings = try await ForeignReader.read(files, as: "ttml", [SubtitleFile.Cue].self)
        for (file, reading) in zip(files, readings) {
            let written = try SubtitleFile(timedText: file).cues
            try #require(reading == written)
        }
        #expect(Set(readings[0].map(\.voice)) == ["speaker_0", "speaker_1"])
        #expect(readings[0].last?.text == "The arrow says --> north.")
    }

    @Test(arguments: [false, true])
    func `pysubs2 finds the cues that were written in ASS, and FFmpeg shows them`(timesWords: Bool) async throws {
        let files = Samples.everything(random: 40).map {
            $0.rendered(as: .ass, title: "a, {b}\\N", timingWords: timesWords)
        }
        let readings = try await ForeignReader.read(files, as: "ass", ForeignReader.SubStationAlpha.self)
        for (file, reading) in zip(files, readings) {
            let written = try SubtitleFile(subStationAlpha: file)
            try #require(reading.cues.map(\.cue) == written.cues)
            try #require(reading.shown.count == written.cues.count)
            for (shown, cue) in zip(reading.shown, written.cues) {
                try #require(shown.start == cue.start && shown.end == cue.end)
                let text = shown.text.unicodeScalars.replacing(["\u{FF5B}"], with: ["{"]).replacing(
                    ["\u{FF5D}"], with: ["}"])
                try #require(ShownText.visible(String(text)) == ShownText.visible(cue.text))
            }
        }
        #expect(readings[0].styles == ["Default", "Speaker 1", "Speaker 2"])
    }

    @Test func `libass draws something while somebody speaks, and nothing while nobody does`() async throws {
        let file = Samples.interview.rendered(as: .ass, title: "Rivers")
        let drawn = try await ForeignReader.read([file], as: "ass-frames", [ForeignReader.Frame].self)[0]
        let cues = try SubtitleFile(subStationAlpha: file).cues
        #expect(drawn.count > 20 && drawn.contains { !$0.isDrawn })
        for frame in drawn {
            let isSpoken = cues.contains { $0.start <= frame.time && frame.time < $0.end }
            #expect(frame.isDrawn == isSpoken, "at \(frame.time) ms")
        }
    }

    @Test(arguments: [false, true])
    func `FFmpeg shows the lines that were written in LRC`(timesWords: Bool) async throws {
        let files = Samples.everything(random: 40).map {
            $0.rendered(as: .lrc, title: "a [b]\n", timingWords: timesWords)
        }
        let readings = try await ForeignReader.read(files, as: "lrc", [ForeignReader.ShownCue].self)
        for (file, shown) in zip(files, readings) {
            let cues = try SubtitleFile(lyrics: file).cues
            // Where nobody speaks, an empty line is shown.
            let shown = shown.filter { !$0.text.isEmpty }
            try #require(shown.map(\.start) == cues.map(\.start))
            for (shown, cue) in zip(shown, cues) {
                try #require(ShownText.visible(shown.text) == ShownText.visible(cue.text))
            }
        }
    }

    @Test func `a parser of CommonMark finds heading, facts and paragraphs, and no other markup`() async throws {
        let transcripts = Samples.everything(random: 100)
        let files = transcripts.map { $0.rendered(as: .md, title: "*a* <b> & [c](d) `e`.mp3") }
        let readings = try await ForeignReader.read(files, as: "md", [ForeignReader.MarkdownBlock].self)
        for (transcript, blocks) in zip(transcripts, readings) {
            try #require(blocks[0].kind == "heading" && blocks[0].text == "*a* <b> & [c](d) `e`.mp3")
            let turns = blocks.dropFirst().filter { !$0.isFact }
            let named = transcript.speakers.count > 1
            let paragraphs = turns.map { block in
                let (voice, text) = (block.bold.unicodeScalars, block.text.unicodeScalars)
                // "speaker_0 (0:00:01) words"
                let rest = text.dropFirst(voice.isEmpty ? 0 : voice.count + 1).drop { $0 != ")" }.dropFirst(2)
                return (named && !voice.isEmpty ? block.bold + ": " : "") + String(rest) + "\n"
            }
            let text = String(decoding: transcript.rendered(as: .txt), as: UTF8.self)
            let nothing = transcript.rendered(as: .txt).isEmpty
            try #require(
                nothing
                    ? turns.map(\.text) == ["No words were recognized."] : paragraphs.joined(separator: "\n") == text)
        }
    }

    @Test func `a reader of CSV finds the segments of the JSON, and no formula`() async throws {
        let transcripts = Samples.everything(random: 100)
        let files = transcripts.map { $0.rendered(as: .csv) }
        let readings = try await ForeignReader.read(files, as: "csv", [ForeignReader.SegmentRow].self)
        for (transcript, rows) in zip(transcripts, readings) {
            let segments = transcript.ordered().segments
            try #require(rows.map(\.segment) == segments.indices.map(String.init))
            for (row, segment) in zip(rows, segments) {
                try #require(Double(row.start) == Double(segment.start) / 1_000)
                try #require(Double(row.end) == Double(segment.end) / 1_000)
                try #require(ShownText.visible(row.speaker) == ShownText.visible(segment.speaker ?? ""))
                let text = ShownText.visible(row.text)
                let expected =
                    ShownText.visible(segment.text).isEmpty
                    ? ShownText.said(in: segment) : ShownText.visible(segment.text)
                try #require(text == expected || text == "'" + expected)
                try #require(row.text.first.map { !"=+-@".contains($0) } ?? true)
            }
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
            try #require(paragraphs.joined(separator: "\n") == text)
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
