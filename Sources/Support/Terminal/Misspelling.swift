import Settings

/// Adds suggestions to the parser's error messages, where the parser makes none itself.
enum Misspelling {
    /// - Parameter known: the command's long options.
    static func explained(_ message: String, _ arguments: [String], known: Set<String>) -> String {
        withValue(withOption(message, arguments, known))
    }

    /// If the parser misses an option, the option may have been misspelled.
    private static func withOption(_ message: String, _ arguments: [String], _ known: Set<String>) -> String {
        let isOpen = message.hasPrefix("Error: Unknown option '--") && !message.contains("Did you mean")
        guard isOpen || message.hasPrefix("Error: Missing "), !known.isEmpty else { return message }
        let typed = arguments.prefix { $0 != "--" }.filter { $0.hasPrefix("--") }
            .map { String($0.prefix { $0 != "=" }) }
        guard let unknown = typed.first(where: { !known.contains($0) }),
            unknown.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return message }
        let suggestion = Spelling.nearest(
            to: String(unknown.dropFirst(2)), among: known.map { String($0.dropFirst(2)) }.sorted())
        let lines = message.split(separator: "\n", omittingEmptySubsequences: false).drop { !$0.hasPrefix("Usage:") }
        return (["Error: Unknown option '\(unknown)'.\(Spelling.question(suggestion.map { "--" + $0 }))"] + lines)
            .joined(separator: "\n")
    }

    private static func withValue(_ message: String) -> String {
        guard
            let found = message.firstMatch(
                of: /The value '([^']*)' is invalid for '[^']*'\. Please provide one of ([^\n]+)\./)
        else { return message }
        let values = found.output.2.matches(of: /'([^']*)'/).map { String($0.output.1) }
        guard let near = Spelling.nearest(to: String(found.output.1), among: values) else { return message }
        return message.replacingCharacters(of: found.range, with: found.output.0 + Spelling.question(near))
    }
}

extension String {
    fileprivate func replacingCharacters(of range: Range<Index>, with text: some StringProtocol) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
