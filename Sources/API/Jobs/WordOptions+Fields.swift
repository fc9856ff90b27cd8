import Foundation
import JSON
import Pipeline

extension WordOptions {
    /// The longest array, in bytes.
    static let longestField = 32 << 10

    /// Reads the options from form fields: each is a JSON array, as text. Throws `invalid_request`, naming the field and the place in it.
    init(fields: [String: String]) throws {
        self.init()
        keyTerms = try Self.array([String].self, fields, "key_terms") ?? []
        try Self.require(keyTerms.count <= Self.most, "key_terms", "at most \(Self.most) terms")
        keyTerms = try keyTerms.enumerated().map { index, term in
            try Self.phrase(term, field: "key_terms[\(index)]")
        }
        replacements = try Self.array([Replacement].self, fields, "replacements")?.map(\.value) ?? []
        try Self.require(replacements.count <= Self.most, "replacements", "at most \(Self.most) replacements")
        replacements = try replacements.enumerated().map { index, replacement in
            let field = "replacements[\(index)]"
            try Self.require(
                (1...Self.mostFrom).contains(replacement.from.count), field + ".from", "1 to \(Self.mostFrom) texts")
            return WordReplacement(
                from: try replacement.from.enumerated().map { try Self.phrase($1, field: "\(field).from[\($0)]") },
                to: try Self.text(replacement.to, most: Self.mostWordsWritten, field: field + ".to"))
        }
        let kinds = try Self.array([String].self, fields, "redact") ?? []
        redact = try kinds.enumerated().map { index, name in
            guard let kind = RedactionKind(rawValue: name) else {
                throw APIError.invalidRequest(
                    "'redact' takes \(RedactionKind.allCases.map(\.rawValue).joined(separator: ", ")).",
                    field: "redact[\(index)]")
            }
            return kind
        }
        redact = RedactionKind.allCases.filter(redact.contains)
        try readLanguages(fields)
    }

    /// A replacement, with no other members than those that mean something.
    private struct Replacement: Decodable {
        let value: WordReplacement

        private struct Name: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let names = try decoder.container(keyedBy: Name.self).allKeys.map(\.stringValue)
            guard Set(names) == ["from", "to"] else {
                throw DecodingError.dataCorrupted(
                    .init(
                        codingPath: decoder.codingPath, debugDescription: "It has other members than 'from' and 'to'."))
            }
            value = try WordReplacement(from: decoder)
        }
    }

    private mutating func readLanguages(_ fields: [String: String]) throws {
        guard let codes = try Self.array([String].self, fields, "languages") else { return }
        let counts = Self.languageCounts
        try Self.require(
            counts.contains(Set(codes).count) && Set(codes).count == codes.count, "languages",
            "\(counts.lowerBound) to \(counts.upperBound) different language codes")
        languages = try codes.enumerated().map { index, code in
            guard case .code(let known)? = LanguageChoice(code) else {
                throw APIError.invalidRequest(
                    "'languages' takes Whisper's language codes, such as en, es or de.", field: "languages[\(index)]")
            }
            return known
        }
    }

    /// Returns the array in a field; nil if the field is missing.
    private static func array<Value: Decodable>(
        _ type: Value.Type, _ fields: [String: String], _ field: String
    ) throws -> Value? {
        guard let text = fields[field] else { return nil }
        try require(text.utf8.count <= longestField, field, "at most \(longestField >> 10) KiB")
        do {
            // What PostgreSQL refuses is refused here.
            var reader = try JSONReader(Array(text.utf8), deepest: 4)
            guard case .array = try reader.value(), reader.next() == nil else { throw JobOptions.refusal(of: field) }
        } catch let fault as JSONReader.Fault {
            throw APIError(fault, field: field) ?? JobOptions.refusal(of: field)
        }
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw JobOptions.refusal(of: field)
        }
    }

    /// Returns a text of a few words, without spaces around it.
    private static func phrase(_ text: String, field: String) throws -> String {
        try Self.text(text, most: mostWords, field: field).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// Returns a text of at most so many words, as it is written.
    private static func text(_ text: String, most words: Int, field: String) throws -> String {
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        let isPlain = !trimmed.unicodeScalars.contains {
            [.control, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
        }
        try require(
            (1...longest).contains(trimmed.unicodeScalars.count) && isPlain, field,
            "1 to \(longest) characters without line ends and control characters")
        try require(trimmed.split(whereSeparator: \.isWhitespace).count <= words, field, "at most \(words) words")
        return trimmed
    }

    private static func require(_ condition: Bool, _ field: String, _ wanted: String) throws {
        guard condition else { throw APIError.invalidRequest("'\(field)' must have \(wanted).", field: field) }
    }
}
