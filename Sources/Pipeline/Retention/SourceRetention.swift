import Settings

/// How long a failed job's source may stay, for an operator who would try again: `VERBATIM_SOURCE_RETENTION`.
package enum SourceRetention {
    private static let fault = "VERBATIM_SOURCE_RETENTION must be a time up to a day, such as 24h, 90m or 0"
    private static let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600]
    /// What customers are promised.
    private static let ceiling: Int64 = 86_400

    /// `24h`, `90m`, `30s`, or 0 to keep none; a day where nothing is set. Reports what is none of these.
    package static func read(_ reader: SettingsReader) -> Duration {
        let text = reader.string("VERBATIM_SOURCE_RETENTION") ?? "24h"
        let unit = text.last.flatMap { units[$0] }
        let number = unit == nil ? text[...] : text.dropLast()
        guard let count = Int64(number), (0...ceiling).contains(count), count * (unit ?? 1) <= ceiling else {
            reader.report(fault)
            return .zero
        }
        return .seconds(count * (unit ?? 1))
    }
}
