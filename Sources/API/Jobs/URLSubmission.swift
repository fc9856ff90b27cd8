import Egress
import Hummingbird
import JSON
import Pipeline

/// What `POST /jobs` asks for in JSON: a recording to be fetched, and what to do with it.
package struct URLSubmission: Sendable {
    /// In bytes; more than the API's fields could ever need.
    static let limitBytes = 128 << 10
    private static let sourceField = "source_url"

    package let source: SourceURL
    package let options: JobOptions
    /// All fields, as a form would spell them. They distinguish this request from others.
    let fields: [String: String]

    static func read(_ request: Request, policy: AddressPolicy) async throws -> URLSubmission {
        try URLSubmission(try await JSONBody.read(request, limitBytes: limitBytes), policy: policy)
    }

    /// - Throws: `APIError`: `invalid_request` with the field, or `source_url_refused`.
    package init(_ body: [UInt8], policy: AddressPolicy) throws {
        try self.init(members: JSONMembers(body).values, policy: policy)
    }

    /// - Throws: `APIError`: `invalid_request` with the field, or `source_url_refused`.
    init(members: [String: JSONReader.Value], policy: AddressPolicy) throws {
        if members[UploadForm.fileField] != nil {
            throw APIError.invalidRequest(
                "Send the recording's file or its URL, not both. A file goes into a form of multipart/form-data.",
                field: UploadForm.fileField)
        }
        fields = try Self.fields(members)
        guard let url = fields[Self.sourceField] else {
            throw APIError.invalidRequest(
                "'source_url' is missing. Name the recording's URL, or send the file as multipart/form-data.",
                field: Self.sourceField)
        }
        options = try Self.options(fields)
        do {
            source = try SourceURL(url, policy: policy)
        } catch .malformed {
            throw APIError.invalidRequest(SourceURLError.malformed.message, field: Self.sourceField)
        } catch .tooLong {
            throw APIError.invalidRequest(SourceURLError.tooLong.message, field: Self.sourceField)
        } catch {
            throw APIError(.sourceURLRefused, error.message, details: ["field": .text(Self.sourceField)])
        }
    }

    /// Returns what to do with a recording, and not which one it is.
    static func options(of members: [String: JSONReader.Value]) throws -> JobOptions { try options(fields(members)) }

    private static func options(_ fields: [String: String]) throws -> JobOptions {
        try JobOptions(fields: fields.filter { $0.key != sourceField }, beside: sourceField)
    }

    private static func fields(_ members: [String: JSONReader.Value]) throws -> [String: String] {
        var fields: [String: String] = [:]
        // Leaving a field out means the same as null.
        for (name, value) in members.sorted(by: { $0.key < $1.key }) where value != .null {
            fields[name] = try text(of: value, name)
        }
        return fields
    }

    /// Returns a value as a form field would spell it. Its type is part of the API: `"true"` is not `true`.
    private static func text(of value: JSONReader.Value, _ name: String) throws -> String {
        switch (name, value) {
        case ("diarize", .flag(let flag)): flag ? "true" : "false"
        case ("speakers_expected", .number(let number)), ("speakers_min", .number(let number)),
            ("speakers_max", .number(let number)), ("test_delay_seconds", .number(let number)),
            ("transcript_retention_days", .number(let number)), ("deadline_seconds", .number(let number)):
            number
        case ("metadata", .object(let text)): text
        case ("key_terms", .array(let text)), ("replacements", .array(let text)), ("redact", .array(let text)),
            ("languages", .array(let text)):
            text
        case ("source_url", .string(let text)), ("language", .string(let text)), ("webhook_url", .string(let text)),
            ("test_outcome", .string(let text)):
            text
        case ("diarize", _), ("speakers_expected", _), ("speakers_min", _), ("speakers_max", _), ("metadata", _),
            ("test_outcome", _), ("test_delay_seconds", _),
            ("transcript_retention_days", _), ("deadline_seconds", _), ("key_terms", _), ("replacements", _),
            ("redact", _), ("languages", _):
            throw JobOptions.refusal(of: name)
        case ("source_url", _), ("language", _), ("webhook_url", _):
            throw APIError.invalidRequest("'\(name)' must be a string.", field: name)
        // `JobOptions` rejects the name, and says which ones there are.
        default: ""
        }
    }
}
