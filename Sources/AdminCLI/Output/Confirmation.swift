import ArgumentParser
import Foundation
import Tenancy

/// What every command takes that cannot be taken back.
struct ConfirmationOptions: ParsableArguments {
    @Flag(help: "Don't ask for confirmation.")
    var yes = false

    /// Whether there is somebody to ask, who is to be asked.
    var canAsk: Bool { !yes && isatty(STDIN_FILENO) == 1 }

    /// Asks on the terminal. Throws when the answer is no, and where there is nobody to ask.
    func confirm(_ question: String) throws {
        if yes { return }
        guard isatty(STDIN_FILENO) == 1 else {
            throw OperatorError("this asks before it acts, and there is no terminal to ask at: repeat it with --yes")
        }
        FileHandle.standardError.write(Data("\(question.shown) [y/N] ".utf8))
        let answer = (readLine() ?? "").trimmingCharacters(in: .whitespaces).lowercased()
        guard ["y", "yes"].contains(answer) else { throw OperatorError("nothing was changed") }
    }
}
