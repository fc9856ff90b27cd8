import Settings

/// The setting `VERBATIM_SOURCE_RETENTION`: how long a failed job's source is kept, so that an operator can retry the job.
package enum SourceRetention {
    /// Customers are promised that it is not kept longer.
    private static let ceiling: Int64 = 86_400

    /// Reads `24h`, `90m`, `30s`, or 0 to keep no source; the default is a day. Reports anything else as an error.
    package static func read(_ reader: SettingsReader) -> Duration {
        reader.seconds(
            "VERBATIM_SOURCE_RETENTION", default: ceiling, in: 0...ceiling,
            example: "a time up to a day, such as 24h, 90m or 0")
    }
}
