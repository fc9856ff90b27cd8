import ArgumentParser
import Settings

/// The words at a command line's start that name a command, and the first one that names none.
struct CommandWords {
    /// As far as the words lead.
    private(set) var command: any ParsableCommand.Type
    private(set) var fault: String?

    init(_ arguments: [String], root: any ParsableCommand.Type) {
        command = root
        var rest = arguments[...]
        // `help tenant list` names a command as `tenant list` does.
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

    /// What a terminal must not be shown is not repeated.
    private static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { (0x20...0x7e).contains($0) } && word.utf8.count <= 60
        return isPlain ? "'\(word)'" : "of that name"
    }

    /// The long options that the command has, as its help names them.
    func options(of root: any ParsableCommand.Type) -> Set<String> {
        let help = root.helpMessage(for: command)
        guard let usage = help.firstRange(of: "USAGE:") else { return [] }
        let named = Set(help[usage.lowerBound...].matches(of: /--[a-z][a-z0-9\-]*/).map { String($0.output) })
        return command == root ? named.union(["--version"]) : named
    }
}
