import Tenancy
import Terminal

/// Rows under headings, in columns as wide as they need to be. Whatever a cell contains, it cannot disturb the others.
///
/// If a terminal is too narrow, long columns are broken at their spaces. If not even their longest words fit beside each other, each row
/// becomes a block of lines, each with a heading and its value. Nothing is cut, so that everything can be copied. Elsewhere a row is one
/// line.
struct Table {
    let headings: [String]
    var rows: [[String]] = []

    /// The table for standard output, as wide as its terminal.
    var text: String { text(within: TerminalWidth.ofStandardOutput) }

    private static let gap = 2
    /// Words that are longer may be broken.
    private static let longestWord = 40

    /// - Parameter width: the terminal's columns; nil: as many as the table needs.
    func text(within width: Int?) -> String {
        let lines = ([headings] + rows).map { $0.map(\.shown) }
        let natural = headings.indices.map { column in lines.map { $0[column].columns }.max() ?? 0 }
        guard let width, Self.total(natural) > width else { return Self.laid(lines, natural) }
        let least = headings.indices.map { column in
            lines.map { line in line[column].split(separator: " ").map { String($0).columns }.max() ?? 0 }.max() ?? 0
        }.map { min($0, Self.longestWord) }
        guard Self.total(least) <= width else { return Self.blocks(lines, width) }
        return Self.laid(lines, Self.shared(width - Self.total(least), least: least, natural: natural))
    }

    private static func total(_ widths: [Int]) -> Int { widths.reduce(0, +) + gap * max(0, widths.count - 1) }

    /// Divides the remaining room among the columns alike, as far as they need it.
    private static func shared(_ room: Int, least: [Int], natural: [Int]) -> [Int] {
        var (widths, room) = (least, room)
        let byNeed = least.indices.sorted { natural[$0] - least[$0] < natural[$1] - least[$1] }
        for (index, column) in byNeed.enumerated() {
            let more = min(natural[column] - least[column], room / (byNeed.count - index))
            widths[column] += more
            room -= more
        }
        return widths
    }

    private static func laid(_ lines: [[String]], _ widths: [Int]) -> String {
        lines.flatMap { line in
            let cells = zip(line, widths).map { $0.broken(at: max(1, $1)) }
            return (0..<(cells.map(\.count).max() ?? 0)).map { row in
                zip(cells, widths).map { cell, width in
                    (row < cell.count ? cell[row] : "").padded(to: width)
                }.joined(separator: String(repeating: " ", count: gap)).trimmedAtEnd
            }
        }.joined(separator: "\n")
    }

    private static func blocks(_ lines: [[String]], _ width: Int) -> String {
        guard let headings = lines.first else { return "" }
        let label = headings.map(\.columns).max() ?? 0
        let room = max(20, width - label - gap)
        let blocks = lines.dropFirst().map { row in
            zip(headings, row).map { heading, cell in laid([[heading, cell]], [label, room]) }.joined(separator: "\n")
        }
        // Without rows the headings say what there would be.
        return blocks.isEmpty
            ? headings.joined(separator: " ").broken(at: width).joined(separator: "\n")
            : blocks.joined(separator: "\n\n")
    }
}

extension String {
    fileprivate var columns: Int { reduce(0) { $0 + TerminalWidth.columns(of: $1) } }

    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - columns)) }

    fileprivate var trimmedAtEnd: String {
        var text = self
        while text.hasSuffix(" ") { text.removeLast() }
        return text
    }

    /// Breaks the text into lines of at most `width` columns, at spaces if possible.
    fileprivate func broken(at width: Int) -> [String] {
        guard columns > width else { return [self] }
        var lines: [String] = []
        var (line, used) = ("", 0)
        func end() {
            lines.append(line)
            (line, used) = ("", 0)
        }
        for word in split(separator: " ") {
            let columns = String(word).columns
            if used > 0, used + 1 + columns > width { end() }
            if used > 0 {
                line += " "
                used += 1
            }
            for character in word {
                let next = TerminalWidth.columns(of: character)
                if used + next > width, used > 0 { end() }
                line.append(character)
                used += next
            }
        }
        if used > 0 || lines.isEmpty { end() }
        return lines
    }
}
