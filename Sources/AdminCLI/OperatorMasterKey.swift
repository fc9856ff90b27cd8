import Pipeline
import Settings
import Tenancy

/// The master key of the operator's environment, the same as the nodes'.
enum OperatorMasterKey {
    private static let advice = ", the same as the nodes have"

    /// As `current()`; nil where none is set.
    static func currentIfSet() throws -> MasterKey? {
        try read { MasterKeySetting($0, advice: advice).isSet } ? try current() : nil
    }

    /// As ``MasterKeySetting/key()``.
    static func current() throws -> MasterKey { try read { MasterKeySetting($0, advice: advice).key() } }

    /// Both keys, each for itself: what `rekey` needs.
    static func both() throws -> (previous: MasterKey, current: MasterKey) { try read { MasterKeySetting($0).both() } }

    private static func read<Value>(_ body: (SettingsReader) -> Value) throws -> Value {
        let reader = SettingsReader()
        let value = body(reader)
        try reader.finish()
        return value
    }
}
