/// The word error rate: substitutions, insertions and deletions, divided by the number of words in the reference.
enum WordErrorRate {
    /// The words in lower case, without punctuation, split at hyphens, with "Mr." written out.
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
