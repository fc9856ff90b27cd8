import Pipeline
import Settings
import Tenancy

/// The master key in the operator's environment, which must be the nodes'.
enum OperatorMasterKey {
    private static let advice = ", the same as the nodes have"

    /// The same as `current()`, but nil if none is set.
    static func currentIfSet() throws -> MasterKey? {
        try read { MasterKeySetting($0, advice: advice).isSet } ? try current() : nil
    }

    /// The same as ``MasterKeySetting/key()``.
    static func current() throws -> MasterKey { try read { MasterKeySetting($0, advice: advice).key() } }

    /// Returns both keys, as `rekey` needs them.
    static func both() throws -> (previous: MasterKey, current: MasterKey) { try read { MasterKeySetting($0).both() } }

    private static func read<Value>(_ body: (SettingsReader) -> Value) throws -> Value {
        let reader = SettingsReader()
        let value = body(reader)
        try reader.finish()
        return value
    }
}
