import ArgumentParser

/// Adds completions of what follows `help` to the parser's completion scripts, which lack them.
enum CompletionScript {
    private typealias Group = (path: String, commands: String)

    /// Returns the script with completions for `help`; unchanged if its form is unknown.
    static func completing(help root: any ParsableCommand.Type, in script: String) -> String {
        let (name, groups) = (root._commandName, groups(below: root))
        if let body = script.firstRange(of: "_\(name)_help() {\n    :\n}") {
            return script.replacingSubrange(body, with: bash(name, groups))
        }
        if let start = script.firstRange(of: "_\(name)_help() {\n"), script.hasPrefix("#compdef"),
            let end = script[start.upperBound...].firstRange(of: "\n}")
        {
            return script.replacingSubrange(start.lowerBound..<end.upperBound, with: zsh(name, groups))
        }
        return script.contains("complete -c '\(name)'") ? script + "\n" + fish(name, groups) : script
    }

    private static func groups(below command: any ParsableCommand.Type, _ path: [String] = []) -> [Group] {
        let below = command.configuration.subcommands
        guard !below.isEmpty else { return [] }
        return [(path.joined(separator: " "), below.map { $0._commandName }.joined(separator: " "))]
            + below.flatMap { groups(below: $0, path + [$0._commandName]) }
    }

    private static func bash(_ name: String, _ groups: [Group]) -> String {
        let cases = groups.map { "    '\($0.path)') COMPREPLY+=($(compgen -W '\($0.commands)' -- \"${cur}\")) ;;" }
        return """
            _\(name)_help() {
                local path
                path="${COMP_WORDS[*]:2:COMP_CWORD - 2}"
                case "${path}" in
            \(cases.joined(separator: "\n"))
                esac
            }
            """
    }

    private static func zsh(_ name: String, _ groups: [Group]) -> String {
        let cases = groups.map { "    '\($0.path)') compadd -- \($0.commands) && ret=0 ;;" }
        return """
            _\(name)_help() {
                local -i ret=1
                local command_path="${words[2,CURRENT - 1]}"
                case "${command_path}" in
            \(cases.joined(separator: "\n"))
                esac
                return "${ret}"
            }
            """
    }

    private static func fish(_ name: String, _ groups: [Group]) -> String {
        let lines = groups.map {
            "complete -c '\(name)' -n '__\(name)_behind_help \"\($0.path)\"' -fa '\($0.commands)'"
        }
        return """
            function __\(name)_behind_help -a expected_path
                set -l tokens (commandline -opc)
                test "$tokens[2]" = help; or return 1
                set -l command_path $tokens[3..-1]
                test "$command_path" = "$expected_path"
            end

            \(lines.joined(separator: "\n"))
            """
    }
}

extension String {
    fileprivate func replacingSubrange(_ range: Range<Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
