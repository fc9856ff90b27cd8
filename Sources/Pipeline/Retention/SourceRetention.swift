import Settings

/// How long a failed job's source may stay, for an operator who would try again: `VERBATIM_SOURCE_RETENTION`.
package enum SourceRetention {
    /// What customers are promised.
    private static let ceiling: Int64 = 86_400

    /// `24h`, `90m`, `30s`, or 0 to keep none; a day where nothing is set. Reports what is none of these.
    package static func read(_ reader: SettingsReader) -> Duration {
        reader.seconds(
            "VERBATIM_SOURCE_RETENTION", default: ceiling, in: 0...ceiling,
            example: "a time up to a day, such as 24h, 90m or 0")
    }
}
