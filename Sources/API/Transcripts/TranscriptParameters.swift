import HTTPTypes
import Hummingbird
import Pipeline

/// What `GET /jobs/{id}/transcript` is asked for: the format, and options. An option that means nothing in a format is checked all the same, and changes
/// nothing, so that a program can ask for every format in the same way.
struct TranscriptParameters {
    /// The values of `speakers`.
    enum Speakers: String, CaseIterable {
        case none, labels, names

        func labels(_ names: SpeakerNames) -> SpeakerLabels {
            switch self {
            case .none: .none
            case .labels: .labels
            case .names: .names(names)
            }
        }
    }

    let format: TranscriptFormat
    /// Nil: as the format does it by default.
    let speakers: Speakers?
    let cues: CueLimits
    let timesWords: Bool
    let isOriginal: Bool

    /// Reads the request. Throws `APIError` 400 if a parameter is wrong.
    init(_ request: Request) throws {
        let query = request.uri.queryParameters
        func flag(_ name: String, _ values: [(text: String, value: Bool)], otherwise: Bool) throws -> Bool {
            guard let text = query[name[...]] else { return otherwise }
            guard let value = values.first(where: { $0.text == text }) else {
                throw APIError.invalidRequest(
                    "'\(name)' must be \(values.map(\.text).joined(separator: " or ")).", field: name)
            }
            return value.value
        }
        func number(_ name: String, within range: ClosedRange<Int>, otherwise: Int) throws -> Int {
            guard let text = query[name[...]] else { return otherwise }
            guard let number = Int(wholeNumber: text), range.contains(number) else {
                throw APIError.invalidRequest(
                    "'\(name)' must be a whole number from \(range.lowerBound) to \(range.upperBound).", field: name)
            }
            return number
        }
        format = try Self.format(of: request)
        isOriginal = try flag("revision", [("original", true), ("latest", false)], otherwise: false)
        speakers = try query["speakers"].map { text in
            guard let speakers = Speakers(rawValue: String(text)) else {
                throw APIError.invalidRequest(
                    "'speakers' must be one of \(Speakers.allCases.map(\.rawValue).joined(separator: ", ")).",
                    field: "speakers")
            }
            return speakers
        }
        let usual = CueLimits()
        let seconds = try number(
            "max_cue_seconds", within: CueLimits.secondRange, otherwise: Int(usual.longest / 1_000))
        cues = CueLimits(
            columnsPerLine: try number("max_columns", within: CueLimits.columnRange, otherwise: usual.columnsPerLine),
            lines: try number("max_lines", within: CueLimits.lineRange, otherwise: usual.lines),
            longest: Int64(seconds) * 1_000)
        timesWords = try flag("words", [("true", true), ("false", false)], otherwise: false)
    }

    private static func format(of request: Request) throws -> TranscriptFormat {
        guard let name = request.uri.queryParameters["format"] else {
            return TranscriptFormat.negotiate(accept: request.headers[.accept])
        }
        guard let format = TranscriptFormat(rawValue: String(name)) else {
            throw APIError(
                .unknownFormat,
                "'format' must be one of \(TranscriptFormat.allCases.map(\.rawValue).joined(separator: ", ")).",
                details: ["field": .text("format")])
        }
        return format
    }
}
