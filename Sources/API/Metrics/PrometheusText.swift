/// Writes Prometheus' text format, version 0.0.4: families one after the other, each with its help, its type and its samples.
package struct PrometheusText {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package enum Kind: String {
        case counter, gauge, histogram
    }

    /// Name and value, in the order in which they are written.
    package typealias Labels = KeyValuePairs<String, String>

    package private(set) var text = ""

    package init() {}

    /// Writes a family with the samples that `samples` adds. All samples of a family must be written in one call.
    package mutating func family(
        _ name: String, _ kind: Kind, _ help: String, samples: (inout Family) -> Void
    ) {
        text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
        var family = Family(name: name)
        samples(&family)
        text += family.lines
    }

    /// Writes a family of one sample without labels.
    package mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        family(name, kind, help) { $0.sample(value) }
    }

    /// The samples of one family.
    package struct Family {
        fileprivate let name: String
        fileprivate var lines = ""

        /// - Parameter bound: of a histogram's bucket; it becomes the last label.
        package mutating func sample(_ value: Double, suffix: String = "", _ labels: Labels = [:], bound: Double? = nil)
        {
            lines += name + suffix
            let all = labels.map { ($0.key, $0.value) } + (bound.map { [("le", PrometheusText.number($0))] } ?? [])
            if !all.isEmpty {
                let pairs = all.map { "\($0)=\"\(PrometheusText.escaped($1, quotes: true))\"" }
                lines += "{" + pairs.joined(separator: ",") + "}"
            }
            lines += " \(PrometheusText.number(value))\n"
        }
    }

    /// Writes whole numbers without a fraction, because people read counters, too.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value).map(String.init) ?? "\(value)"
    }

    /// Escapes the three characters that a label value must not contain as they are. A help text may contain quotes.
    private static func escaped(_ value: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
