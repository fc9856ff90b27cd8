import Foundation

/// Finds what a customer wants masked in the words of a transcript. Pure: the same words have the same findings.
///
/// Numbers and addresses are found as they are written and as they are said, also in a mixture of both ("4242 four two …"), with fillers
/// and answers in between, and across any number of words. Number words of English, German, French, Spanish and Italian are known; in
/// other languages only what is written in digits and signs is found.
///
/// The time is linear in the number of words: a finding has at most 45 pieces (digits, letters, words) with at most ten signs and fillers
/// between two of them, nothing is read further than that, and the readings that are tried for one place are limited.
package struct Redactor: Sendable {
    /// Something to mask.
    package struct Finding: Sendable, Equatable {
        package let kind: RedactionKind
        /// The places of its words, at least one.
        package let words: Range<Int>
        /// What remains of the first word before it, such as `(`; mostly empty.
        package let prefix: String
        /// What remains of the last word after it, such as a full stop; mostly empty.
        package let suffix: String

        package init(kind: RedactionKind, words: Range<Int>, prefix: String = "", suffix: String = "") {
            self.kind = kind
            self.words = words
            self.prefix = prefix
            self.suffix = suffix
        }

        /// The one word that takes the place of ``words``.
        package var replacement: String { prefix + kind.mask + suffix }
    }

    package let kinds: Set<RedactionKind>
    private let language: String?
    private let lexicon: Lexicon

    /// - Parameter language: the recording's, as a code ("en", "pt-BR"). Nil, `multi` or empty: it is not known or changes, and all five
    ///   languages are tried.
    package init(kinds: Set<RedactionKind>, language: String?) {
        self.kinds = kinds
        self.language = language
        lexicon = Lexicon.of(language)
    }

    /// Returns what is to be masked: sorted, disjoint ranges of words, each within bounds.
    ///
    /// No number is found in part, and words that are masked already are left alone: masked words have no findings. Two findings in one
    /// word are returned as one, with the kind of the first.
    ///
    /// - Parameter words: the texts of all words in the order of their times, with their punctuation, whoever says them. A word may be a
    ///   single character or several words; it may be empty.
    package func findings(in words: [String]) -> [Finding] {
        guard !kinds.isEmpty else { return [] }
        var found: [Finding] = []
        var current = words
        // What is masked no longer says anything about its neighbors, so there may be more to find.
        for _ in 0..<4 {
            let more = pass(over: current)
            if more.isEmpty { break }
            for finding in more {
                current[finding.words.lowerBound] = finding.replacement
                for place in finding.words.dropFirst() { current[place] = "" }
            }
            found = Self.joined(found, more, current)
        }
        return found
    }

    /// Returns the words with each finding's replaced by one. The count stays: those after the first are empty.
    package static func masked(_ words: [String], _ findings: [Finding]) -> [String] {
        var words = words
        for finding in findings {
            words[finding.words.lowerBound] = finding.replacement
            for place in finding.words.dropFirst() { words[place] = "" }
        }
        return words
    }

    private func pass(over words: [String]) -> [Finding] {
        let lattice = Lattice(words, lexicon)
        var found: [(kind: RedactionKind, tokens: Range<Int>)] = []
        func add(_ kind: RedactionKind, _ tokens: Range<Int>) {
            guard !tokens.isEmpty, !lattice.isTaken(tokens) else { return }
            lattice.take(tokens)
            found.append((kind, tokens))
        }
        // What proves itself comes first. It is found also if it isn't asked for: a card is no phone number.
        for range in IBANs(lattice: lattice).find() { add(.iban, range) }
        eachRun(in: lattice) { run in
            for range in CardNumbers.find(in: run, lattice) { add(.cardNumber, run.tokens(of: range)) }
        }
        for range in EmailAddresses(lattice: lattice).find() { add(.email, range) }
        for range in IPAddresses(lattice: lattice).find() { add(.ipAddress, range) }
        if kinds.contains(.usSSN) {
            let english = Lexicon.languages(of: language).contains(.english)
            eachRun(in: lattice) { run in
                for range in SocialSecurityNumbers.find(in: run, lattice, english: english) {
                    add(.usSSN, run.tokens(of: range))
                }
            }
        }
        if kinds.contains(.phoneNumber) {
            let phones = PhoneNumbers(language: language)
            eachRun(in: lattice) { run in
                for range in phones.find(in: run, lattice) {
                    var tokens = run.tokens(of: range)
                    if range.lowerBound == 0, let plus = run.plus { tokens = plus..<tokens.upperBound }
                    add(.phoneNumber, Self.withParenthesis(tokens, in: lattice))
                }
            }
        }
        return Self.findings(
            found.filter { kinds.contains($0.kind) }.sorted { $0.tokens.lowerBound < $1.tokens.lowerBound }, in: lattice
        )
    }

    private func eachRun(in lattice: Lattice, _ body: (NumberRun) -> Void) {
        var place = 0
        while let run = NumberRun.next(after: &place, in: lattice) { body(run) }
    }

    /// With the `(` before it, if the `)` is inside: `(415) 555-0123`.
    private static func withParenthesis(_ tokens: Range<Int>, in lattice: Lattice) -> Range<Int> {
        let before = tokens.lowerBound - 1
        guard !lattice.isClosed(before), lattice.tokens[before].isSign("("),
            tokens.contains(where: { lattice.tokens[$0].isSign(")") }),
            !tokens.contains(where: { lattice.tokens[$0].isSign("(") })
        else { return tokens }
        return before..<tokens.upperBound
    }

    private static func findings(_ found: [(kind: RedactionKind, tokens: Range<Int>)], in lattice: Lattice) -> [Finding]
    {
        var findings: [Finding] = []
        for (kind, tokens) in found {
            let first = lattice.tokens[tokens.lowerBound]
            let last = lattice.tokens[tokens.upperBound - 1]
            let suffix = String(decoding: lattice.words[last.word].utf8.dropFirst(last.end), as: UTF8.self)
            if let before = findings.last, before.words.upperBound > first.word {
                findings[findings.count - 1] = Finding(
                    kind: before.kind, words: before.words.lowerBound..<last.word + 1, prefix: before.prefix,
                    suffix: suffix)
            } else {
                let prefix = String(decoding: lattice.words[first.word].utf8.prefix(first.start), as: UTF8.self)
                findings.append(
                    Finding(kind: kind, words: first.word..<last.word + 1, prefix: prefix, suffix: suffix))
            }
        }
        return findings
    }

    /// Earlier findings with those of a later pass, in which the earlier ones are single masked words.
    private static func joined(_ earlier: [Finding], _ later: [Finding], _ current: [String]) -> [Finding] {
        var joined: [Finding] = []
        for finding in (earlier + later).sorted(by: { $0.words.lowerBound < $1.words.lowerBound }) {
            guard let last = joined.last, last.words.overlaps(finding.words) else {
                joined.append(finding)
                continue
            }
            let words = last.words.lowerBound..<max(last.words.upperBound, finding.words.upperBound)
            let text = current[words.lowerBound...].prefix(words.count).joined()
            joined[joined.count - 1] = finding.covering(words, of: last, showing: text)
        }
        return joined
    }
}

extension Redactor.Finding {
    /// One finding for two that share a word, of which `text` remains.
    fileprivate func covering(_ words: Range<Int>, of other: Self, showing text: String) -> Self {
        // What is shown of the shared word lies outside of both.
        let masks = RedactionKind.allCases.map(\.mask)
        let first = masks.compactMap { text.range(of: $0)?.lowerBound }.min() ?? text.startIndex
        let last = masks.compactMap { text.range(of: $0, options: .backwards)?.upperBound }.max() ?? text.endIndex
        return Self(kind: other.kind, words: words, prefix: String(text[..<first]), suffix: String(text[last...]))
    }
}
