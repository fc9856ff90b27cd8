/// Where a plan's limit on the length of a recording lies, to the millisecond.
package enum DurationLimit {
    /// Encoders add a beginning and an end of their own to the sound, and fill up their last frame: a recording of ten hours has seven
    /// milliseconds more as Opus, up to three tenths of a second as MP3 of the lowest rate. So much is not held against anybody.
    package static let padding: Int64 = 500

    /// The longest that a recording may be under a limit of so many milliseconds.
    package static func milliseconds(of limit: Int64) -> Int64 { limit + padding }
}
