import Foundation
import TestSupport
import Testing

/// What holds for every command that there is, found by walking the tree that the executable itself describes.
@Suite struct HelpCommandTests {
    private struct Dump: Decodable {
        let command: Node
    }

    private struct Node: Decodable {
        let commandName: String
        let subcommands: [Node]?

        /// The words of each command below and including this one; `help` is the parser's own.
        func paths(_ above: [String] = []) -> [[String]] {
            [above]
                + (subcommands ?? []).filter { $0.commandName != "help" }
                .flatMap { $0.paths(above + [$0.commandName]) }
        }
    }

    private static func admin(_ arguments: [String]) async throws -> Command.Result {
        try await Command.run(Checkout.executable("verbatim-admin"), arguments)
    }

    private static func commands() async throws -> [[String]] {
        let dump = try await admin(["--experimental-dump-help"])
        return try JSONDecoder().decode(Dump.self, from: Data(dump.output.utf8)).command.paths()
    }

    @Test func `every command explains itself with an example that begins with its own name`() async throws {
        let commands = try await Self.commands()
        #expect(commands.count >= 24)
        for command in commands {
            let help = try await Self.admin(command + ["--help"])
            #expect(help.status == 0)
            let example = help.output.split(separator: "\n").drop { !$0.hasSuffix("Example:") }.dropFirst().first
            let words = (["verbatim-admin"] + command).joined(separator: " ")
            #expect(example?.contains(words) == true, "\(words)")
            #expect(!help.output.contains("(not documented)"))
        }
    }

    @Test func `every command that does something can answer in JSON`() async throws {
        let commands = try await Self.commands()
        let leaves = commands.filter { command in
            !commands.contains { $0.count > command.count && Array($0.prefix(command.count)) == command }
        }
        // What prints a file's worth has a format of its own.
        for command in leaves where command != ["usage", "export"] {
            #expect(try await Self.admin(command + ["--help"]).output.contains("--json"), "\(command)")
        }
    }

    @Test func `every command's help stands in the documents`() async throws {
        let result = try await Command.run(
            Checkout.root + "/scripts/lib/help-texts", ["--check", Checkout.executable("verbatim-admin")])
        #expect(result.status == 0, "\(result.errors)")
        let text = try String(contentsOfFile: Checkout.root + "/docs/commands.md", encoding: .utf8)
        for command in try await Self.commands() {
            let words = (["verbatim-admin"] + command).joined(separator: " ")
            #expect(text.contains("### `\(words)`"), "\(words)")
        }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `each shell gets its completions`(shell: String) async throws {
        let script = try await Self.admin(["--generate-completion-script", shell])
        #expect(script.status == 0)
        for word in ["tenant", "suspend", "monthly-minutes", "business"] {
            #expect(script.output.contains(word), "\(word)")
        }
        if shell == "bash" {
            let parsed = try await Command.run("bash", ["-n", "/dev/stdin"], input: script.output)
            #expect(parsed.status == 0, "\(parsed.errors)")
        }
    }

    @Test func `a shell without completions, and a command without its parts, are wrong calls`() async throws {
        #expect(try await Self.admin(["--generate-completion-script", "tcsh"]).status == 64)
        for group in ["quota", "key", "tenant", "job"] {
            #expect(try await Self.admin([group, "nonsense"]).status == 64)
        }
    }
}
