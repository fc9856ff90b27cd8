import Tenancy

/// Rows under a heading, in columns as wide as they need to be. Whatever a cell holds, it takes one line and only its own place.
struct Table {
    let headings: [String]
    var rows: [[String]] = []

    var text: String {
        let lines = ([headings] + rows).map { $0.map(\.shown) }
        let widths = headings.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            zip(line, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
                .joined(separator: "  ").trimmedAtEnd
        }.joined(separator: "\n")
    }
}

extension String {
    fileprivate var trimmedAtEnd: String {
        var text = self
        while text.hasSuffix(" ") { text.removeLast() }
        return text
    }
}
