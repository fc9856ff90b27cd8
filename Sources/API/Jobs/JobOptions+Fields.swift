import JSON
import Pipeline

extension JobOptions {
    /// The fields besides the file, by their names in the API.
    static let fieldNames: Set<String> = [
        "diarize", "language", "speakers_expected", "speakers_min", "speakers_max", "webhook_url", "metadata",
        "test_outcome", "test_delay_seconds",
        "transcript_retention_days", "deadline_seconds", "key_terms", "replacements", "redact", "languages",
    ]
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
        words = try WordOptions(fields: fields)
        speakers = try Self.speakers(fields)
        if let text = fields["metadata"] { metadata = try Self.metadata(text) }
        // `WebhookAddress` checks whether it may be used.
        webhookURL = fields["webhook_url"]
        simulatedEnd = try Self.simulatedEnd(fields)
        transcriptRetentionDays = try Self.number(fields, "transcript_retention_days", in: Self.retentionDays)
        deadlineSeconds = try Self.number(fields, "deadline_seconds", in: Self.deadlines)
    }

    /// Returns how the job of a test key ends; nil if the fields don't say.
    private static func simulatedEnd(_ fields: [String: String]) throws -> SimulatedEnd? {
        let outcome = fields["test_outcome"]
        guard outcome != nil || fields["test_delay_seconds"] != nil else { return nil }
        var end = SimulatedEnd()
        if let outcome {
            guard let asked = SimulatedEnd(outcome: outcome) else { throw refusal(of: "test_outcome") }
            end = asked
        }
        if let delay = try number(fields, "test_delay_seconds", in: SimulatedEnd.delays) { end.delaySeconds = delay }
        return end
    }

    /// The error for a value that its field doesn't accept.
    static func refusal(of field: String) -> APIError {
        let message =
            switch field {
            case "diarize": "'diarize' must be true or false."
            case "language": "'language' must be auto, multi or one of Whisper's language codes, such as en, es or de."
            case "speakers_expected", "speakers_min", "speakers_max":
                "'\(field)' must be a whole number from \(SpeakerCount.range.lowerBound) to \(SpeakerCount.range.upperBound)."
            case "transcript_retention_days":
                "'transcript_retention_days' must be a whole number from \(retentionDays.lowerBound) to \(retentionDays.upperBound)."
            case "deadline_seconds":
                "'deadline_seconds' must be a whole number from \(deadlines.lowerBound) to \(deadlines.upperBound)."
            case "test_outcome":
                "'test_outcome' must be one of \(SimulatedEnd.outcomes.joined(separator: ", "))."
            case "test_delay_seconds":
                "'test_delay_seconds' must be a whole number from \(SimulatedEnd.delays.lowerBound) to \(SimulatedEnd.delays.upperBound)."
            case "key_terms", "redact", "languages": "'\(field)' must be a JSON array of strings."
            case "replacements":
                "'replacements' must be a JSON array of objects such as {\"from\":[\"cooper netties\"],\"to\":\"Kubernetes\"}."
            default: "'\(field)' must be a JSON object."
            }
        return .invalidRequest(message, field: field)
    }

    private static func speakers(_ fields: [String: String]) throws -> SpeakerCount {
        let range = SpeakerCount.range
        let count = SpeakerCount(
            expected: try number(fields, "speakers_expected", in: range),
            least: try number(fields, "speakers_min", in: range), most: try number(fields, "speakers_max", in: range))
        let (least, most) = (count.least ?? range.lowerBound, count.most ?? range.upperBound)
        guard least <= most else {
            throw APIError.invalidRequest(
                "'speakers_min' must not be greater than 'speakers_max'.", field: "speakers_min")
        }
        guard (least...most).contains(count.expected ?? least) else {
            throw APIError.invalidRequest(
                "'speakers_expected' must lie between 'speakers_min' and 'speakers_max'.", field: "speakers_expected")
        }
        return count
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

    /// Returns the number in a field; nil if the field is missing.
    private static func number(
        _ fields: [String: String], _ field: String, in range: ClosedRange<Int>
    ) throws -> Int? {
        guard let text = fields[field] else { return nil }
        guard let number = Int(wholeNumber: text), range.contains(number) else { throw refusal(of: field) }
        return number
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
