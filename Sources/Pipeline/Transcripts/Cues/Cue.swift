/// One subtitle: one or two lines by one speaker. Times are in milliseconds; the end is after the start.
struct Cue {
    let speaker: String?
    var start: Int64
    var end: Int64
    let upper: String
    /// The second line, if there is one.
    let lower: String?

    var lines: [String] { lower.map { [upper, $0] } ?? [upper] }

    /// The text's width. A line break counts like the space that it replaces.
    var columns: Int { lines.reduce(lines.count - 1) { $0 + $1.columns } }
}

/// What readers of subtitles can follow, after the style guides of Netflix and the BBC. Durations are in milliseconds.
enum CueLimits {
    static let columnsPerLine = 42
    /// Width of two lines. Their line break counts like the space that it replaces.
    static let columns = 2 * columnsPerLine + 1
    static let shortest: Int64 = 1_000
    static let longest: Int64 = 7_000
    /// Comfortable reading speed, in columns a second. A cue stays that long if there is room.
    static let comfortableSpeed: Int64 = 17
    /// Columns a second. Above this reading speed, the builder prefers other cuts.
    static let hurriedSpeed: Int64 = 20
    /// A silence of this length always ends a cue.
    static let silence: Int64 = 2_000
}
