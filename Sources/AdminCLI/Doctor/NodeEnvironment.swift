import Pipeline
import Settings

/// The settings of a node, as the node itself reads them, and everything that is wrong with them.
struct NodeEnvironment: Sendable {
    let settings: NodeSettings
    /// One sentence each, without values.
    let faults: [String]
    /// Variables that look like settings but are not settings.
    let unknown: [UnknownSetting]

    init(_ reader: SettingsReader) {
        settings = NodeSettings(reader)
        unknown = reader.unknown
        do throws(SettingsError) {
            try reader.finish()
            faults = []
        } catch {
            var seen: Set<String> = []
            faults = error.faults.filter { seen.insert($0).inserted }
        }
    }
}
