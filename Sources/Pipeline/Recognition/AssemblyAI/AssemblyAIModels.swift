import Postgres
import Synchronization

/// The model names to request: the operator's list without those that were rejected recently.
///
/// AssemblyAI retires names without notice, and rejects a whole list because of one name. Rejections are remembered per language, because
/// a model may be rejected for one language only; and only for a while, so that the whole list is used again once it is accepted.
/// They are kept in memory; other processes find out by themselves.
final class AssemblyAIModels: Sendable {
    private let all: [String]
    private let memory: Duration
    private let taken = Mutex<[String: (names: [String], until: Timestamp)]>([:])

    /// - Parameter memory: How long rejected names are left out.
    init(_ all: [String], memory: Duration) {
        self.all = all
        self.memory = memory
    }

    /// Returns the names to request for a language: at least one, in the operator's order.
    func names(for language: String, at now: Timestamp) -> [String] {
        taken.withLock { taken in
            guard let known = taken[language] else { return all }
            if now < known.until { return known.names }
            taken[language] = nil
            return all
        }
    }

    /// Records that AssemblyAI accepted `names`. If that isn't the whole list, only these are requested until the memory ends. Further
    /// successes don't extend it.
    ///
    /// - Returns: The names that were left out.
    func took(_ names: [String], for language: String, at now: Timestamp) -> [String] {
        guard names != all else { return [] }
        taken.withLock { taken in
            if taken[language]?.names != names { taken[language] = (names, now + memory) }
        }
        return all.filter { !names.contains($0) }
    }

    /// Records that AssemblyAI rejected every list for this language, so that the next chunk starts with the whole list again.
    func refused(_ language: String) { taken.withLock { $0[language] = nil } }

    /// The lists to try, one after the other. After `names` itself: `names` without one name, beginning with the one that the rejection
    /// mentions, else with the first; then each name by itself.
    struct Trial {
        private(set) var names: [String]
        /// The lists not tried yet; nil before the first rejection.
        private var rest: [[String]]?

        init(_ names: [String]) { self.names = names }

        /// Moves on to the next list.
        ///
        /// - Parameter text: The text with which `names` were rejected.
        /// - Returns: Whether there was another list to try.
        mutating func advance(after text: String) -> Bool {
            var left = rest ?? Self.parts(of: names, after: text)
            guard !left.isEmpty else { return false }
            names = left.removeFirst()
            rest = left
            return true
        }

        private static func parts(of names: [String], after text: String) -> [[String]] {
            guard names.count > 1 else { return [] }
            let first = firstNamed(in: text, of: names) ?? names[0]
            let without = ([first] + names.filter { $0 != first }).map { name in names.filter { $0 != name } }
            return names.count == 2 ? without : without + names.map { [$0] }
        }

        /// Returns the first name that the text mentions. Only whole names count: `universal-3-pro` doesn't mention `universal-3`.
        private static func firstNamed(in text: String, of names: [String]) -> String? {
            let words = text.split { !$0.isLetter && !$0.isNumber && !"-_.".contains($0) }
                .map { $0.hasSuffix(".") ? $0.dropLast() : $0 }
            return words.lazy.compactMap { word in names.first { $0 == word } }.first
        }
    }
}
