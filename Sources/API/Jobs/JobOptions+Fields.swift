import JSON
import Pipeline

extension JobOptions {
    /// The fields besides the file, by their names in the API.
    static let fieldNames: Set<String> = ["diarize", "language", "speakers_expected", "webhook_url", "metadata"]
    /// How deep metadata may be nested, in levels. Parsers in other languages read that deep by default.
    private static let deepestMetadata = 100

    /// Reads the options from form fields. Throws `invalid_request`, naming the field.
    ///
    /// - Parameter source: the field that contains the recording itself; nil: a form's file.
    package init(fields: [String: String], beside source: String? = nil) throws {
        self.init()
        if fields["source_url"] != nil {
            throw APIError.invalidRequest(
                "Send the recording's file or its URL, not both. A URL goes into a body of application/json.",
                field: "source_url")
        }
        for name in fields.keys.sorted() where !Self.fieldNames.contains(name) {
            throw APIError.invalidRequest(
                "There is no field '\(name.prefix(64))'. The fields are \(source ?? UploadForm.fileField), \(Self.fieldNames.sorted().joined(separator: ", ")).",
                field: String(name.prefix(64)))
        }
        if let text = fields["diarize"] { diarize = try Self.flag(text, field: "diarize") }
        if let text = fields["language"] { language = try Self.language(text) }
        if let text = fields["speakers_expected"] { speakersExpected = try Self.speakers(text) }
        if let text = fields["metadata"] { metadata = try Self.metadata(text) }
        // `WebhookAddress` checks whether it may be used.
        webhookURL = fields["webhook_url"]
    }

    /// The error for a value that its field doesn't accept.
    static func refusal(of field: String) -> APIError {
        let message =
            switch field {
            case "diarize": "'diarize' must be true or false."
            case "language": "'language' must be auto or one of Whisper's language codes, such as en, es or de."
            case "speakers_expected":
                "'speakers_expected' must be a whole number from \(speakersExpectedRange.lowerBound) to \(speakersExpectedRange.upperBound)."
            default: "'\(field)' must be a JSON object."
            }
        return .invalidRequest(message, field: field)
    }

    private static func flag(_ text: String, field: String) throws -> Bool {
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default: throw refusal(of: field)
        }
    }

    private static func language(_ text: String) throws -> LanguageChoice {
        guard let choice = LanguageChoice(text) else { throw refusal(of: "language") }
        return choice
    }

    private static func speakers(_ text: String) throws -> Int {
        guard let count = Int(wholeNumber: text), speakersExpectedRange.contains(count) else {
            throw refusal(of: "speakers_expected")
        }
        return count
    }

    private static func metadata(_ text: String) throws -> String {
        guard text.utf8.count <= longestMetadata else {
            throw APIError.invalidRequest("'metadata' is longer than \(longestMetadata >> 10) KiB.", field: "metadata")
        }
        do {
            _ = try JSONObjectReader.members(of: Array(text.utf8), deepest: deepestMetadata)
        } catch {
            throw APIError(error.fault, field: "metadata") ?? refusal(of: "metadata")
        }
        return text
    }
}
