/// The formats of a transcript. Raw values are the values of the API's `format` parameter.
///
/// Their order is the order in which customers see them, and the order of preference if a client accepts several equally. CONTRIBUTING.md
/// says what a new format needs besides its case here.
package enum TranscriptFormat: String, Sendable, CaseIterable {
    case json, txt, srt, vtt, docx, md, ttml, ass, lrc, csv

    /// Increased whenever the same transcript is written differently than before, so that clients discard their cached copies. A test
    /// fails until it is increased.
    package static let revision = 4

    /// The `Content-Type` to send.
    package var contentType: String {
        switch self {
        case .json, .docx, .ttml: mediaType
        case .txt, .srt, .vtt, .md, .ass, .lrc, .csv: mediaType + "; charset=utf-8"
        }
    }

    /// The extension of a file's name, without a dot.
    package var fileExtension: String { rawValue }

    /// The registered or usual media type, without parameters.
    var mediaType: String {
        switch self {
        case .json: "application/json"
        case .txt: "text/plain"
        case .srt: "application/x-subrip"
        case .vtt: "text/vtt"
        case .docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        case .md: "text/markdown"
        case .ttml: "application/ttml+xml"
        case .ass: "text/x-ssa"
        case .lrc: "text/x-lrc"
        case .csv: "text/csv"
        }
    }

    /// No media type is registered for these formats. Others are as common as ours.
    private static let otherMediaTypes: [String: TranscriptFormat] = [
        "text/srt": .srt, "application/srt": .srt, "text/x-ass": .ass, "application/x-ass": .ass,
        "application/x-lrc": .lrc, "application/lrc": .lrc,
    ]

    /// Returns the format with exactly this media type, or nil. Case and parameters don't matter.
    package init?(mediaType: String) {
        let type = mediaType.prefix { $0 != ";" }.filter { !$0.isWhitespace }.lowercased()
        let name = Self.otherMediaTypes[type]?.mediaType ?? type
        guard let format = Self.allCases.first(where: { $0.mediaType == name }) else { return nil }
        self = format
    }
}

// Each format is a pure function of the transcript: the same words give the same bytes.
extension Transcript {
    /// Returns the transcript in a format. Never fails, whatever the recognizer wrote. Puts times in order first (see `ordered()`).
    ///
    /// It takes time and memory in proportion to the number of words: half a second for ten hours. So callers on Swift's pool use a
    /// `TranscriptRenderer`.
    ///
    /// - Parameters:
    ///   - title: The recording's name in formats that have a heading; nil or blank: "Transcript".
    ///   - labels: How the speakers are named; nil: as the format does it by default, which is `none` for `srt` and `lrc`, and `labels` for all others.
    ///   - limits: How large a cue may be, in formats that have cues. In `lrc` a cue has one line.
    ///   - timesWords: Whether `vtt`, `ass` and `lrc` say when each word is said. The others are as without it.
    ///   - revision: The number that the JSON names; 0: none, because nobody has corrected the transcript.
    package func rendered(
        as format: TranscriptFormat, title: String? = nil, speakers labels: SpeakerLabels? = nil,
        cues limits: CueLimits = CueLimits(), timingWords timesWords: Bool = false, revision: Int = 0
    ) -> [UInt8] {
        let labels = labels ?? (format == .srt || format == .lrc ? .none : .labels)
        let transcript = ordered().labeled(labels)
        // Where a format doesn't name them, its paragraphs and cues still end with a speaker's turn.
        let isNaming = labels != .none
        return switch format {
        case .json:
            (isNaming ? transcript : transcript.withoutSpeakers)
                .json(paragraphs: transcript.paragraphs, speakers: named(by: labels), revision: revision)
        case .txt: transcript.plainText(namingSpeakers: isNaming)
        case .srt: transcript.subRip(namingSpeakers: isNaming, limits: limits)
        case .vtt: transcript.webVTT(namingSpeakers: isNaming, limits: limits, timesWords: timesWords)
        case .docx: transcript.wordDocument(title: title, namingSpeakers: isNaming)
        case .md: transcript.markdown(title: title, namingSpeakers: isNaming)
        case .ttml: transcript.timedText(title: title, namingSpeakers: isNaming, limits: limits)
        case .ass:
            transcript.subStationAlpha(title: title, namingSpeakers: isNaming, limits: limits, timesWords: timesWords)
        case .lrc: transcript.lyrics(title: title, namingSpeakers: isNaming, limits: limits, timesWords: timesWords)
        case .csv: transcript.csv(namingSpeakers: isNaming)
        }
    }
}

// Content negotiation by RFC 9110 §12.5.1, for calls without a format.

extension TranscriptFormat {
    /// Further ranges of a header are ignored. Real clients don't send that many.
    private static let mostRanges = 64

    /// Returns the format that an `Accept` header prefers.
    ///
    /// A format's quality is that of the most specific range that matches it. Among formats of equal quality the more specific match
    /// wins, then the order of the cases. Without a header, or if it accepts none of the formats, the result is json: a transcript serves
    /// such a client better than a 406.
    package static func negotiate(accept: String?) -> TranscriptFormat {
        let ranges = (accept ?? "").split(separator: ",").prefix(mostRanges).compactMap(MediaRange.init)
        var best: (format: TranscriptFormat, quality: Int, specificity: Int)?
        for format in allCases {
            let matches = ranges.filter { $0.specificity(for: format) > 0 }
            guard let match = matches.max(by: { $0.specificity(for: format) < $1.specificity(for: format) }),
                match.quality > 0
            else { continue }
            let specificity = match.specificity(for: format)
            if let best, (best.quality, best.specificity) >= (match.quality, specificity) { continue }
            best = (format, match.quality, specificity)
        }
        return best?.format ?? .json
    }
}

/// One element of an `Accept` header.
private struct MediaRange {
    private let type: String
    /// In thousandths, 0 to 1000.
    let quality: Int

    init?(_ element: Substring) {
        let parts = element.split(separator: ";").map { $0.filter { !$0.isWhitespace }.lowercased() }
        guard let type = parts.first, type.contains("/") else { return nil }
        self.type = type
        let weight = parts.dropFirst().last { $0.hasPrefix("q=") }
        guard let weight else {
            quality = 1_000
            return
        }
        // An element with an invalid weight is ignored.
        guard let value = Double(weight.dropFirst(2)), (0...1).contains(value) else { return nil }
        quality = Int((value * 1_000).rounded())
    }

    /// Returns how specifically the range matches a format. 0: not at all; 1: `*/*`; 2: `text/*`; 3: the type itself.
    func specificity(for format: TranscriptFormat) -> Int {
        if type == "*/*" { return 1 }
        if type.hasSuffix("/*") { return format.mediaType.hasPrefix(type.dropLast()) ? 2 : 0 }
        return TranscriptFormat(mediaType: type) == format ? 3 : 0
    }
}
