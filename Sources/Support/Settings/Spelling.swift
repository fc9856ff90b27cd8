/// Which of the words that there are somebody may have meant by one that there is not.
package enum Spelling {
    /// The nearest of `words`, where it is near enough to be meant; of several the first.
    package static func nearest(to word: String, among words: some Collection<String>) -> String? {
        let typed = word.lowercased()
        let near = words.map { (word: $0, distance: distance(typed, $0.lowercased())) }
            .filter { $0.distance <= farthest(typed, $0.word) }.min { $0.distance < $1.distance }
        if let near { return near.word }
        // Begun and not ended, when only one begins so.
        let begun = words.filter { $0.lowercased().hasPrefix(typed) }
        return typed.count >= 3 && begun.count == 1 ? begun.first : nil
    }

    /// What follows "… is not known": `; did you mean X?`, or nothing.
    package static func question(_ suggestion: String?) -> String { suggestion.map { " Did you mean '\($0)'?" } ?? "" }

    /// One slip in a short word, a slip for each four letters of a long one.
    private static func farthest(_ typed: String, _ word: String) -> Int {
        let length = min(typed.count, word.count)
        return length < 3 ? 0 : max(1, length / 4)
    }

    /// How many letters were left out, added, changed or swapped with their neighbor. Only a word's first 64 letters count.
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
