extension HTML {
    /// Writes the paragraphs of a description. Of Markdown, it knows what our descriptions use: `code` and **bold**.
    package mutating func prose(_ text: String?) {
        guard let text else { return }
        for paragraph in text.split(separator: "\n\n") {
            let words = paragraph.split(whereSeparator: \.isNewline).joined(separator: " ")
            if !words.isEmpty { element("p") { $0.phrase(words) } }
        }
    }

    /// Writes one line of a description. A mark that isn't closed is written as it is.
    package mutating func phrase(_ line: String) {
        var rest = line[...]
        while let start = rest.firstIndex(where: { $0 == "`" || $0 == "*" }) {
            text(String(rest[..<start]))
            let mark = rest[start] == "`" ? "`" : "**"
            let after = rest[start...]
            guard after.hasPrefix(mark), let end = after.dropFirst(mark.count).firstRange(of: mark) else {
                text(String(rest[start]))
                rest = rest[rest.index(after: start)...]
                continue
            }
            let inside = String(after.dropFirst(mark.count)[..<end.lowerBound])
            if mark == "`" {
                element("code", text: inside)
            } else {
                element("strong") { $0.phrase(inside) }
            }
            rest = rest[end.upperBound...]
        }
        text(String(rest))
    }
}
