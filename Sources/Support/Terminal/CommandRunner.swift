import ArgumentParser
import Foundation
import Settings

/// Runs a command line like the parser's own `main`, but with better help for typing errors: for an unknown command, option or value, it
/// suggests the one that may be meant, and exits with status 64. Its completion scripts also complete what follows `help`.
package enum CommandRunner {
    package static func run<Root: AsyncParsableCommand>(
        _ root: Root.Type, _ arguments: [String] = Array(CommandLine.arguments.dropFirst())
    ) async {
        // The parser's own `--version` would apply to every subcommand, but one of them has its own option of that name.
        if arguments == ["--version"] {
            print("\(root._commandName) \(Version.description)")
            return
        }
        let words = CommandWords(arguments, root: root)
        if let fault = words.fault { refuse(fault, usage: root.usageString(for: words.command)) }
        do {
            var command = try await root.asyncParseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            if root.exitCode(for: error) == .validationFailure {
                refuse(Misspelling.explained(root.fullMessage(for: error), arguments, known: words.options(of: root)))
            }
            if arguments.first?.hasPrefix("--generate-completion-script") == true, root.exitCode(for: error) == .success
            {
                print(CompletionScript.completing(help: root, in: root.fullMessage(for: error)))
                Foundation.exit(EXIT_SUCCESS)
            }
            root.exit(withError: error)
        }
    }

    private static func refuse(_ text: String, usage: String) -> Never {
        refuse("Error: \(text)\n\(usage)")
    }

    private static func refuse(_ text: String) -> Never {
        FileHandle.standardError.write(Data((text + "\n").utf8))
        Foundation.exit(ExitCode.validationFailure.rawValue)
    }
}

extension ParsableCommand {
    /// The usage lines with which the parser ends its own error messages.
    fileprivate static func usageString(for command: any ParsableCommand.Type) -> String {
        let help = helpMessage(for: command)
        let usage = help.split(separator: "\n").first { $0.hasPrefix("USAGE: ") }?.dropFirst("USAGE: ".count) ?? ""
        let words = usage.split(separator: " ").prefix { !$0.hasPrefix("<") && !$0.hasPrefix("[") }.joined(
            separator: " ")
        return "Usage: \(usage)\n  See '\(words) --help' for more information."
    }
}
