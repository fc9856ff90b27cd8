import ArgumentParser
import Settings

/// The words at the beginning of a command line that name a command, and an error for the first one that names none.
struct CommandWords {
    /// The command that the known words name.
    private(set) var command: any ParsableCommand.Type
    private(set) var fault: String?

    init(_ arguments: [String], root: any ParsableCommand.Type) {
        command = root
        var rest = arguments[...]
        // `help tenant list` names the same command as `tenant list`.
        if rest.first == "help" { rest.removeFirst() }
        for word in rest {
            let below = command.configuration.subcommands
            guard !below.isEmpty, !word.hasPrefix("-") else { return }
            guard let next = below.first(where: { $0._commandName == word || $0.configuration.aliases.contains(word) })
            else {
                let suggestion = Spelling.nearest(
                    to: word, among: below.map { $0._commandName } + (command == root ? ["help"] : []))
                fault = "There is no command \(Self.quoted(word)).\(Spelling.question(suggestion))"
                return
            }
            command = next
        }
    }

    /// Does not repeat a word that a terminal must not show.
    private static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { (0x20...0x7e).contains($0) } && word.utf8.count <= 60
        return isPlain ? "'\(word)'" : "of that name"
    }

    /// The command's long options, taken from its help.
    func options(of root: any ParsableCommand.Type) -> Set<String> {
        let help = root.helpMessage(for: command)
        guard let usage = help.firstRange(of: "USAGE:") else { return [] }
        let named = Set(help[usage.lowerBound...].matches(of: /--[a-z][a-z0-9\-]*/).map { String($0.output) })
        return command == root ? named.union(["--version"]) : named
    }
}
