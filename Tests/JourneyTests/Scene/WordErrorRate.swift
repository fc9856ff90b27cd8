/// The share of words that are wrong: substitutions, insertions and deletions over the reference's length.
enum WordErrorRate {
    /// Lower case, no punctuation, hyphens as spaces, "Mr." written out.
    static func normalized(_ text: String) -> [String] {
        text.lowercased().replacing("mr.", with: "mister").replacing("-", with: " ")
            .filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "'" || $0.isNewline }
            .split(whereSeparator: \.isWhitespace).map(String.init)
    }

    static func between(_ heard: [String], and reference: [String]) -> Double {
        var previous = Array(0...reference.count)
        for (row, word) in heard.enumerated() {
            var current = [row + 1]
            for (column, expected) in reference.enumerated() {
                current.append(
                    min(previous[column] + (word == expected ? 0 : 1), previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return Double(previous[reference.count]) / Double(max(1, reference.count))
    }
}
