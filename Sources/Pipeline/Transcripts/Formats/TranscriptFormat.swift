/// The formats in which a customer may have a transcript. Raw values are the API's `format` parameter.
package enum TranscriptFormat: String, Sendable, CaseIterable {
    case json, txt, srt, vtt, docx

    /// Rises whenever the same transcript is written differently than before, so that clients' copies are known to be old.
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
