import Postgres
import Synchronization

/// The model names to ask for: the operator's list, without those that were refused a moment ago.
///
/// Names go out of use without notice, and a list is refused whole for one name in it. What was refused is remembered for each language by
/// itself, because a model may be refused for that alone, and only for a while, so that a list that is taken again is used whole again.
/// Kept in memory; another process finds out by itself.
final class AssemblyAIModels: Sendable {
    private let all: [String]
    private let memory: Duration
    private let taken = Mutex<[String: (names: [String], until: Timestamp)]>([:])

    /// - Parameter memory: how long what was refused is left out.
    init(_ all: [String], memory: Duration) {
        self.all = all
        self.memory = memory
    }

    /// At least one, in the operator's order.
    func names(for language: String, at now: Timestamp) -> [String] {
        taken.withLock { taken in
            guard let known = taken[language] else { return all }
            if now < known.until { return known.names }
            taken[language] = nil
            return all
        }
    }

    /// `names` were taken. Where that is not the whole list, they are asked for until the memory ends, which does not begin anew with each.
    ///
    /// - Returns: those that were left out to get there.
    func took(_ names: [String], for language: String, at now: Timestamp) -> [String] {
        guard names != all else { return [] }
        taken.withLock { taken in
            if taken[language]?.names != names { taken[language] = (names, now + memory) }
        }
        return all.filter { !names.contains($0) }
    }

    /// `names` are refused too: next time the whole list is tried.
    func refused(_ language: String) { taken.withLock { $0[language] = nil } }

    /// What to try, one after the other, once `names` as a list was refused: the list without one name, beginning with the one that the
    /// refusal speaks of, else with the first; then each name by itself.
    struct Trial {
        private(set) var names: [String]
        /// Nil before the first refusal.
        private var rest: [[String]]?

        init(_ names: [String]) { self.names = names }

        /// - Parameter text: how `names` were refused.
        /// - Returns: whether there is something left to try.
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

        /// Whole names: `universal-3` is not named by a text about `universal-3-pro`.
        private static func firstNamed(in text: String, of names: [String]) -> String? {
            let words = text.split { !$0.isLetter && !$0.isNumber && !"-_.".contains($0) }
                .map { $0.hasSuffix(".") ? $0.dropLast() : $0 }
            return words.lazy.compactMap { word in names.first { $0 == word } }.first
        }
    }
}
