/// A name, a reason or an author: one line of text that people see in tables, questions and statements. It must not trick the eye.
///
/// This is the only rule for its characters. These are rejected: control characters (line ends, tabs, escape sequences of terminals), line and
/// paragraph separators, characters that reverse the direction of text, and invisible ones. Some scripts and emoji need joiners and variation
/// selectors, which are invisible. A single one of these may follow a character that it can belong to.
package struct PlainName: Sendable, Equatable {
    package enum Fault: Error, Equatable {
        /// The text is empty, or consists of spaces.
        case empty
        /// The text has more code points than `limit`.
        case tooLong(limit: Int)
        case unfit(Unicode.Scalar)
    }

    package let text: String

    /// Checks `text` and removes the spaces around it.
    ///
    /// - Parameter longest: the maximum length in code points.
    package init(_ text: String, longest: Int) throws(Fault) {
        if let scalar = Self.firstUnfit(in: text) { throw .unfit(scalar) }
        let name = Self.trimmed(text)
        guard !name.isEmpty else { throw .empty }
        guard name.unicodeScalars.count <= longest else { throw .tooLong(limit: longest) }
        self.text = name
    }

    /// Returns `text` without the characters that are not allowed. For names from strangers, which are better cleaned than rejected.
    package static func cleaned(_ text: String) -> String {
        var rest = text
        // Without a character, the ones beside it may break the rule together.
        while firstUnfit(in: rest) != nil { rest = rewritten(rest) { _ in "" } }
        return trimmed(rest)
    }

    private static func firstUnfit(in text: String) -> Unicode.Scalar? {
        var before: Unicode.Scalar?
        var scalars = text.unicodeScalars.makeIterator()
        var next = scalars.next()
        while let scalar = next {
            next = scalars.next()
            if !fits(scalar, behind: before, before: next) { return scalar }
            before = scalar
        }
        return nil
    }

    fileprivate static func rewritten(_ text: String, _ replacement: (Unicode.Scalar) -> String) -> String {
        var result = String.UnicodeScalarView()
        var before: Unicode.Scalar?
        var scalars = text.unicodeScalars.makeIterator()
        var next = scalars.next()
        while let scalar = next {
            next = scalars.next()
            if fits(scalar, behind: before, before: next) {
                result.append(scalar)
            } else {
                result.append(contentsOf: replacement(scalar).unicodeScalars)
            }
            before = result.last
        }
        return String(result)
    }

    private static func trimmed(_ text: String) -> String {
        var text = Substring(text)
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

extension PlainName {
    private static let joiners: Set<Unicode.Scalar> = ["\u{200C}", "\u{200D}"]
    /// Characters of the format category that are visible all the same: signs that span the digits after them.
    private static let seen: [ClosedRange<UInt32>] = [
        0x0600...0x0605, 0x06DD...0x06DD, 0x070F...0x070F, 0x0890...0x0891, 0x08E2...0x08E2, 0x110BD...0x110BD,
        0x110CD...0x110CD,
    ]

    private static func fits(
        _ scalar: Unicode.Scalar, behind before: Unicode.Scalar?, before next: Unicode.Scalar?
    ) -> Bool {
        // Fast path for nearly all text.
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
        let isJoiner = joiners.contains(scalar)
        if isJoiner || scalar.properties.isVariationSelector {
            return belongs(scalar, isJoiner: isJoiner, behind: before, before: next)
        }
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: return false
        case .format: return seen.contains { $0.contains(scalar.value) }
        default: return !scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    private static func belongs(
        _ scalar: Unicode.Scalar, isJoiner: Bool, behind before: Unicode.Scalar?, before next: Unicode.Scalar?
    ) -> Bool {
        guard let before, !joiners.contains(before), !before.properties.isWhitespace else { return false }
        if isJoiner {
            guard let next, !joiners.contains(next), !next.properties.isVariationSelector else { return false }
            return !before.isASCII && !next.properties.isWhitespace
        }
        // A keycap is a digit, the selector and U+20E3.
        if before.isASCII { return scalar == "\u{FE0F}" && next == "\u{20E3}" }
        return !before.properties.isVariationSelector
    }
}

extension String {
    /// The text with characters that a ``PlainName`` may not have escaped as `\u{1B}`. So a terminal can show any text of the database.
    package var shown: String { shown { "\\u{\(String($0.value, radix: 16, uppercase: true))}" } }

    /// The text with characters that a ``PlainName`` may not have replaced by `escape`.
    package func shown(_ escape: (Unicode.Scalar) -> String) -> String { PlainName.rewritten(self, escape) }

    /// Like ``shown``, but keeps line ends.
    package var shownInLines: String {
        split(separator: "\n", omittingEmptySubsequences: false).map { String($0).shown }.joined(separator: "\n")
    }
}
