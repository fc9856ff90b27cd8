/// Writes HTML. Text from outside the source code goes through `text` or an attribute's value, and is escaped there.
package struct HTML {
    package private(set) var markup = ""

    package init() {}

    /// Writes markup from the source code, without escaping it.
    package mutating func raw(_ markup: StaticString) { self.markup += "\(markup)" }

    package mutating func text(_ text: String) { markup += Self.escaped(text) }

    package mutating func element(
        _ name: StaticString, _ attributes: KeyValuePairs<String, String> = [:], _ body: (inout HTML) -> Void
    ) {
        markup += "<\(name)"
        for (name, value) in attributes { markup += " \(name)=\"\(Self.escaped(value))\"" }
        markup += ">"
        body(&self)
        markup += "</\(name)>"
    }

    package mutating func element(
        _ name: StaticString, _ attributes: KeyValuePairs<String, String> = [:], text: String
    ) {
        element(name, attributes) { $0.text(text) }
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
