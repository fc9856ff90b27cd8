/// An environment variable that looks like a setting but is not one: probably a typing error, which would otherwise go unnoticed.
package struct UnknownSetting: Sendable, Equatable, CustomStringConvertible {
    package let name: String
    /// The setting that may have been meant.
    package let suggestion: String?

    private static let prefix = "VERBATIM_"
    /// Prefixes of variables that the project's scripts and tests read.
    private static let others = ["VERBATIM_TEST_", "VERBATIM_BENCH_"]

    package var description: String {
        "\(name) is not a setting and has no effect" + (suggestion.map { "; did you mean \($0)?" } ?? "")
    }

    /// Returns all unknown settings in `environment`, by name.
    static func all(in environment: [String: String], known: Set<String>) -> [UnknownSetting] {
        environment.filter { !$0.value.isEmpty }.keys.sorted().compactMap { name in
            guard name.hasPrefix(prefix), !others.contains(where: name.hasPrefix), !isServiceLink(name) else {
                return nil
            }
            let isFile = name.hasSuffix("_FILE")
            let plain = isFile ? String(name.dropLast("_FILE".count)) : name
            guard !known.contains(plain), !known.contains(name) else { return nil }
            // Without the common prefix, which would make any two names near.
            let words = known.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }.sorted()
            let near = Spelling.nearest(to: String(plain.dropFirst(prefix.count)), among: words)
            return UnknownSetting(name: name, suggestion: near.map { prefix + $0 + (isFile ? "_FILE" : "") })
        }
    }

    /// Kubernetes and Docker set such variables in every container if a service is named verbatim, verbatim-api and so on.
    private static func isServiceLink(_ name: String) -> Bool {
        name.wholeMatch(
            of:
                /VERBATIM(_[A-Z0-9]+)*_(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)?)/
        )
            != nil
    }
}
