/// One subtitle: one or two lines by one speaker. Times in milliseconds, the end after the start.
struct Cue {
    let speaker: String?
    var start: Int64
    var end: Int64
    let upper: String
    /// There is no third line, and no room for one.
    let lower: String?

    var lines: [String] { lower.map { [upper, $0] } ?? [upper] }

    /// What there is to read; the end of a line counts like the space it replaces.
    var columns: Int { lines.reduce(lines.count - 1) { $0 + $1.columns } }
}

/// What readers of subtitles can follow; after Netflix's and the BBC's style guides.
enum CueLimits {
    static let columnsPerLine = 42
    /// Of a cue of two lines, whose break counts like the space that it replaces.
    static let columns = 2 * columnsPerLine + 1
    static let shortest: Int64 = 1_000
    static let longest: Int64 = 7_000
    /// Columns a second that a cue stays up for, where there is room.
    static let comfortableSpeed: Int64 = 17
    /// Columns a second above which the builder looks for other cuts.
    static let hurriedSpeed: Int64 = 20
    /// A silence that ends a cue whatever it holds.
    static let silence: Int64 = 2_000
}
