import Foundation
import TestSupport
import Testing

/// What an operator reads who mistypes, asks for the version, or has the shell complete.
@Suite struct MistypedCommandTests {
    private static func call(_ name: String, _ line: String) async throws -> Command.Result {
        try await Command.run(Checkout.executable(name), line.split(separator: " ").map(String.init))
    }

    @Test(arguments: [
        ("verbatim-admin", "tenent list", "There is no command 'tenent'. Did you mean 'tenant'?"),
        ("verbatim-admin", "tenant lst --json", "There is no command 'lst'. Did you mean 'list'?"),
        ("verbatim-admin", "stauts", "There is no command 'stauts'. Did you mean 'status'?"),
        ("verbatim-admin", "help tenant creat", "There is no command 'creat'. Did you mean 'create'?"),
        ("verbatim-admin", "hlep", "There is no command 'hlep'. Did you mean 'help'?"),
        ("verbatim-admin", "frobnicate", "There is no command 'frobnicate'."),
        ("verbatim-admin", "tenant list --jsno", "Unknown option '--jsno'. Did you mean '--json'?"),
        ("verbatim-admin", "tenant create --nme x --plan pro", "Unknown option '--nme'. Did you mean '--name'?"),
        ("verbatim-admin", "tenant create --nme=x --plan pro", "Unknown option '--nme'. Did you mean '--name'?"),
        ("verbatim-admin", "usage export --period 2026-11 --format cvs", "Did you mean 'csv'?"),
        ("verbatim-admin", "job list --status complete", "Did you mean 'completed'?"),
        ("verbatim", "srve", "There is no command 'srve'. Did you mean 'serve'?"),
        ("verbatim", "wrker", "There is no command 'wrker'. Did you mean 'worker'?"),
        ("verbatim", "--verson", "Unknown option '--verson'. Did you mean '--version'?"),
        ("verbatim", "serve --hlep", "Unknown option '--hlep'. Did you mean '--help'?"),
    ])
    func `what is mistyped is a wrong call, and names what may be meant`(
        _ name: String, _ line: String, _ told: String
    ) async throws {
        let result = try await Self.call(name, line)
        #expect(result.status == 64 && result.output.isEmpty)
        #expect(result.errors.contains(told), "\(result.errors)")
        #expect(result.errors.contains("Usage: \(name)") && result.errors.contains("--help' for more information"))
    }

    @Test func `what is typed rightly, or is missing altogether, is no slip`() async throws {
        let missing = try await Self.call("verbatim-admin", "tenant create --plan pro")
        #expect(missing.status == 64 && missing.errors.contains("Missing expected argument '--name <name>'"))
        for line in ["help", "help tenant", "help tenant list", "--help", "tenant --help", "tenant"] {
            let result = try await Self.call("verbatim-admin", line)
            #expect(result.status == 0 && result.output.contains("USAGE: verbatim-admin"), "\(line)")
        }
        let hostile = try await Command.run(Checkout.executable("verbatim-admin"), ["\u{1B}[2J"])
        #expect(hostile.status == 64 && !hostile.errors.contains("\u{1B}"))
    }

    @Test(arguments: ["verbatim", "verbatim-admin", "verbatim-media"])
    func `every executable tells its version, which is the description's`(name: String) async throws {
        let text = try String(contentsOfFile: Checkout.root + "/openapi.yaml", encoding: .utf8)
        let version = try #require(text.firstMatch(of: /\n  version: (\S+)/)).output.1
        let result = try await Self.call(name, "--version")
        #expect(result.status == 0)
        // Node and command line also name the commit that they were built from.
        let commit = result.output.firstMatch(of: #/ \([0-9a-f]{7,40}\+?\)\n/#)?.output ?? "\n"
        #expect((commit != "\n") == (name != "verbatim-media"))
        #expect(result.output == "\(name) \(version)\(commit)")
    }

    /// What bash offers for a line that is typed so far.
    private static func offers(_ name: String, _ typed: String) async throws -> Set<String> {
        let script = try await call(name, "--generate-completion-script bash").output
        let program = """
            \(script)
            COMP_LINE=$1; COMP_POINT=${#COMP_LINE}; read -ra COMP_WORDS <<<"$COMP_LINE"
            [[ $COMP_LINE == *" " ]] && COMP_WORDS+=('')
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
            _\(name) \(name) "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let result = try await Command.run("bash", ["-c", program, "bash", typed])
        return Set(result.output.split(separator: "\n").map(String.init))
    }

    @Test func `bash completes what stands behind help`() async throws {
        let root = try await Self.offers("verbatim-admin", "verbatim-admin help ")
        #expect(root.isSuperset(of: ["tenant", "usage", "webhook", "webhook-secret", "doctor"]))
        #expect(try await Self.offers("verbatim-admin", "verbatim-admin help ten") == ["tenant"])
        let tenant = try await Self.offers("verbatim-admin", "verbatim-admin help tenant ")
        #expect(tenant.isSuperset(of: ["create", "list", "delete"]) && !tenant.contains("doctor"))
        #expect(try await Self.offers("verbatim-admin", "verbatim-admin help tenant cr") == ["create"])
        #expect(try await Self.offers("verbatim-admin", "verbatim-admin help tenant create ").isEmpty)
        #expect(try await Self.offers("verbatim", "verbatim help ") == ["serve", "api", "worker"])
        // And all else as before.
        #expect(try await Self.offers("verbatim-admin", "verbatim-admin ten") == ["tenant"])
        #expect(try await Self.offers("verbatim-admin", "verbatim-admin tenant cr") == ["create"])
    }

    @Test(arguments: [("zsh", "'tenant') compadd -- create "), ("fish", "__verbatim-admin_behind_help \"tenant\"")])
    func `so do the others`(shell: String, part: String) async throws {
        let script = try await Self.call("verbatim-admin", "--generate-completion-script \(shell)").output
        #expect(script.contains(part))
        #expect(!script.contains("'*:subcommands:'"))
    }
}
