/// Finds the known word that somebody may have meant by an unknown one.
package enum Spelling {
    /// Returns the nearest of `words`, if it is near enough; the first one if several are equally near.
    package static func nearest(to word: String, among words: some Collection<String>) -> String? {
        let typed = word.lowercased()
        let near = words.map { (word: $0, distance: distance(typed, $0.lowercased())) }
            .filter { $0.distance <= farthest(typed, $0.word) }.min { $0.distance < $1.distance }
        if let near { return near.word }
        // The beginning of a word, if only one word begins with it.
        let begun = words.filter { $0.lowercased().hasPrefix(typed) }
        return typed.count >= 3 && begun.count == 1 ? begun.first : nil
    }

    /// Returns ` Did you mean 'X'?`, or nothing without a suggestion.
    package static func question(_ suggestion: String?) -> String { suggestion.map { " Did you mean '\($0)'?" } ?? "" }

    /// How many typing errors are near enough: none in words of one or two letters, else one for every four letters, but at least one.
    private static func farthest(_ typed: String, _ word: String) -> Int {
        let length = min(typed.count, word.count)
        return length < 3 ? 0 : max(1, length / 4)
    }

    /// The number of letters that were omitted, added, changed or swapped with their neighbor. Only the first 64 letters of a word count.
    static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.prefix(64)), Array(right.prefix(64)))
        var (last, row) = ([Int](), Array(0...right.count))
        for i in left.indices {
            let above = row
            row[0] = i + 1
            for j in right.indices {
                let change = above[j] + (left[i] == right[j] ? 0 : 1)
                row[j + 1] = min(change, above[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    row[j + 1] = min(row[j + 1], last[j - 1] + 1)
                }
            }
            last = above
        }
        return row[right.count]
    }
}
