import Foundation
import Pipeline
import Testing

/// A sentence of `Sentences/`, with what is to be found in it.
///
/// A line is a language, a tab and the sentence, in which `{card_number:4242 …}` is a finding. What stands in a word outside of the
/// braces remains.
struct MadeSentence {
    let language: String
    let words: [String]
    let expected: [Redactor.Finding]

    /// The sentences of a file, in order.
    static func all(in file: String) throws -> [MadeSentence] {
        let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sentences/\(file)")
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map { line in
            let parts = line.split(separator: "\t")
            try #require(parts.count == 2, "\(line)")
            return try MadeSentence(language: String(parts[0]), text: String(parts[1]))
        }
    }

    init(language: String, text: String) throws {
        var words: [String] = []
        var expected: [Redactor.Finding] = []
        var open: (kind: RedactionKind, first: Int, prefix: String)?
        for part in text.split(separator: " ") {
            var word = String(part)
            if let brace = word.firstIndex(of: "{") {
                let colon = try #require(word[brace...].firstIndex(of: ":"))
                let kind = try #require(
                    RedactionKind(rawValue: String(word[word.index(after: brace)..<colon])), "\(text)")
                open = (kind, words.count, String(word[..<brace]))
                word = String(word[..<brace] + word[word.index(after: colon)...])
            }
            if let brace = word.firstIndex(of: "}") {
                let (kind, first, prefix) = try #require(open, "\(text)")
                let suffix = String(word[word.index(after: brace)...])
                word.remove(at: brace)
                expected.append(.init(kind: kind, words: first..<words.count + 1, prefix: prefix, suffix: suffix))
                open = nil
            }
            words.append(word)
        }
        try #require(open == nil, "\(text)")
        self.language = language
        self.words = words
        self.expected = expected
    }
}
