import Pipeline
import Testing

/// Recall and precision on sentences in five languages. `seen.tsv` was used to write the recognizers. `unseen.tsv` was written
/// afterward and changed nothing: keep it so, and put new sentences that show a fault into `seen.tsv`.
@Suite struct MadeSentenceTests {
    private struct Score: CustomStringConvertible {
        var right = 0
        var missed = 0
        var wrong = 0

        /// Of what is to be found, how much was, with exactly its words.
        var recall: Double { right + missed == 0 ? 1 : Double(right) / Double(right + missed) }
        /// Of what was found, how much is to be.
        var precision: Double { right + wrong == 0 ? 1 : Double(right) / Double(right + wrong) }

        var description: String { "\(right) right, \(missed) missed, \(wrong) wrong" }
    }

    @Test(arguments: ["seen.tsv", "unseen.tsv"], [true, false])
    func `nearly everything is found, with exactly its words, and hardly anything else`(file: String, known: Bool)
        throws
    {
        var languages: [String: Score] = [:]
        var kinds: [RedactionKind: Score] = [:]
        var total = Score()
        var faults: [String] = []
        for sentence in try MadeSentence.all(in: file) {
            let redactor = Redactor(
                kinds: Set(RedactionKind.allCases), language: known ? sentence.language : nil)
            let found = redactor.findings(in: sentence.words)
            for (finding, path) in sentence.expected.map({ ($0, found.contains($0) ? \Score.right : \Score.missed) })
                + found.filter({ !sentence.expected.contains($0) }).map({ ($0, \Score.wrong) })
            {
                languages[sentence.language, default: Score()][keyPath: path] += 1
                kinds[finding.kind, default: Score()][keyPath: path] += 1
                total[keyPath: path] += 1
            }
            if found != sentence.expected {
                let masked = Redactor.masked(sentence.words, found).filter { !$0.isEmpty }.joined(separator: " ")
                faults.append("\(sentence.language): \(sentence.words.joined(separator: " ")) -> \(masked)")
            }
        }
        let report =
            languages.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
            + kinds.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue): \($0.value)" } + faults
        let details = report.joined(separator: "\n")
        #expect(total.recall >= 0.98 && total.precision >= 0.95, "\(total)\n\(details)")
        for (language, score) in languages {
            #expect(score.recall >= 0.95 && score.precision >= 0.95, "\(language): \(score)\n\(details)")
        }
        for (kind, score) in kinds {
            #expect(score.recall >= 0.95 && score.precision >= 0.9, "\(kind): \(score)\n\(details)")
        }
    }

    @Test func `there are enough sentences of each language`() throws {
        let sentences = try MadeSentence.all(in: "seen.tsv") + MadeSentence.all(in: "unseen.tsv")
        for language in ["en", "de", "fr", "es", "it"] {
            let own = sentences.filter { $0.language == language }
            #expect(own.map(\.expected.count).reduce(0, +) >= 120)
            #expect(own.filter(\.expected.isEmpty).count >= 60)
        }
    }

    @Test func `masked sentences have no findings`() throws {
        for sentence in try MadeSentence.all(in: "seen.tsv") + MadeSentence.all(in: "unseen.tsv") {
            let redactor = Redactor(kinds: Set(RedactionKind.allCases), language: sentence.language)
            let masked = Redactor.masked(sentence.words, redactor.findings(in: sentence.words))
            #expect(redactor.findings(in: masked).isEmpty, "\(masked)")
            #expect(redactor.findings(in: masked.filter { !$0.isEmpty }).isEmpty, "\(masked)")
        }
    }
}
