/// The formats in which a customer may have a transcript, in the order in which they are listed to customers and preferred where several
/// are wanted alike. Raw values are the API's `format` parameter. A format is declared here; CONTRIBUTING.md says what else a new one needs.
package enum TranscriptFormat: String, Sendable, CaseIterable {
    case json, txt, srt, vtt, docx

    /// Rises whenever the same transcript is written differently than before, so that clients' copies are known to be old.
    /// A test fails until it does.
    package static let revision = 3

    /// The `Content-Type` to send.
    package var contentType: String {
        switch self {
        case .json, .docx: mediaType
        case .txt, .srt, .vtt: mediaType + "; charset=utf-8"
        }
    }

    /// The name's ending, without a dot.
    package var fileExtension: String { rawValue }

    /// The registered or usual media type, without parameters.
    var mediaType: String {
        switch self {
        case .json: "application/json"
        case .txt: "text/plain"
        case .srt: "application/x-subrip"
        case .vtt: "text/vtt"
        case .docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        }
    }

    /// The format of exactly this media type; case and parameters do not matter.
    package init?(mediaType: String) {
        let type = mediaType.prefix { $0 != ";" }.filter { !$0.isWhitespace }.lowercased()
        // Two names for SubRip that were never registered either, and are met as often.
        let name = type == "text/srt" || type == "application/srt" ? TranscriptFormat.srt.mediaType : type
        guard let format = Self.allCases.first(where: { $0.mediaType == name }) else { return nil }
        self = format
    }
}

// Each format is a pure function of the transcript: the same words, the same bytes.
extension Transcript {
    /// The transcript in a customer's format. Never fails, whatever the recognizer wrote; times are put in order
    /// first (see `ordered()`). Takes time and memory in proportion to the words: half a second for ten hours, so
    /// callers on Swift's pool go through a `TranscriptRenderer`.
    /// - Parameter title: what to call the recording in the formats that have a heading; nil or blank: "Transcript".
    package func rendered(as format: TranscriptFormat, title: String? = nil) -> [UInt8] {
        let transcript = ordered()
        return switch format {
        case .json: transcript.json()
        case .txt: transcript.plainText()
        case .srt: transcript.subRip()
        case .vtt: transcript.webVTT()
        case .docx: transcript.wordDocument(title: title)
        }
    }
}

// Content negotiation by RFC 9110 §12.5.1, for calls that name no format.

extension TranscriptFormat {
    /// Headers of more ranges than this are not written by people's clients; the rest is ignored.
    private static let mostRanges = 64

    /// The format that an `Accept` header likes best. The most specific range that matches a format gives its
    /// quality; among equals the more specific match wins, then the order of the cases.
    /// Without a header, or when it accepts none of them, the answer is json: a client that asked for nothing we
    /// have is better served by the transcript than by a 406.
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
    /// Thousandths, 0 to 1000.
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
        // An unreadable weight makes the whole element unreadable.
        guard let value = Double(weight.dropFirst(2)), (0...1).contains(value) else { return nil }
        quality = Int((value * 1_000).rounded())
    }

    /// 0: does not match; 1: `*/*`; 2: `text/*`; 3: the type itself.
    func specificity(for format: TranscriptFormat) -> Int {
        if type == "*/*" { return 1 }
        if type.hasSuffix("/*") { return format.mediaType.hasPrefix(type.dropLast()) ? 2 : 0 }
        return TranscriptFormat(mediaType: type) == format ? 3 : 0
    }
}
