import ArgumentParser
import Foundation
import Tenancy

/// The options of every command that cannot be undone, or that locks customers out.
struct ConfirmationOptions: ParsableArguments {
    @Flag(help: "Don't ask for confirmation.")
    var yes = false

    /// Whether ``confirm(_:)`` asks, and there is a terminal where somebody can answer.
    var canAsk: Bool { !yes && isatty(STDIN_FILENO) == 1 }

    /// Asks on the terminal. Throws if the answer is no, or if there is no terminal.
    func confirm(_ question: String) throws {
        if yes { return }
        guard isatty(STDIN_FILENO) == 1 else {
            throw OperatorError(
                "this command asks for confirmation, but standard input is not a terminal: repeat it with --yes")
        }
        FileHandle.standardError.write(Data("\(question.shown) [y/N] ".utf8))
        let answer = (readLine() ?? "").trimmingCharacters(in: .whitespaces).lowercased()
        guard ["y", "yes"].contains(answer) else { throw OperatorError("nothing was changed") }
    }
}
