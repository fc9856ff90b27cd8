/// How large a cue may be, and what readers of subtitles can follow, after the style guides of Netflix and the BBC. Durations are in
/// milliseconds.
package struct CueLimits: Sendable, Equatable {
    /// Fewer columns cut usual words, and more don't fit on a screen in letters that can be read.
    package static let columnRange = 16...80
    package static let lineRange = 1...4
    /// In seconds. Nobody can read a cue that is gone before a second has passed. In half a minute anybody has read all that fits into the largest one.
    package static let secondRange = 1...30

    package let columnsPerLine: Int
    /// The maximum number of lines.
    package let lines: Int
    package let longest: Int64

    /// Width of all lines. A line break counts like the space that it replaces.
    var columns: Int { lines * columnsPerLine + lines - 1 }

    static let shortest: Int64 = 1_000
    /// Comfortable reading speed, in columns a second. A cue stays that long if there is room.
    static let comfortableSpeed: Int64 = 17
    /// Columns a second. Above this reading speed, the builder prefers other cuts.
    static let hurriedSpeed: Int64 = 20
    /// A silence of this length always ends a cue.
    static let silence: Int64 = 2_000

    /// Creates limits within the ranges above.
    package init(columnsPerLine: Int = 42, lines: Int = 2, longest: Int64 = 7_000) {
        self.columnsPerLine = columnsPerLine
        self.lines = lines
        self.longest = longest
    }

    /// The same limits for formats whose cues have a single line.
    var onOneLine: CueLimits { CueLimits(columnsPerLine: columnsPerLine, lines: 1, longest: longest) }
}
