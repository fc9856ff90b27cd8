import Settings
import Tenancy

/// The master key of the operator's environment, the same as the nodes'.
enum OperatorMasterKey {
    private static let hint = "64 hexadecimal digits, the same as the nodes have"

    /// As `current()`; nil where none is set.
    static func currentIfSet() throws -> MasterKey? {
        let reader = SettingsReader()
        let isSet = reader.string("VERBATIM_MASTER_KEY") != nil
        try reader.finish()
        return isSet ? try current() : nil
    }

    /// `VERBATIM_MASTER_KEY`; while `VERBATIM_MASTER_KEY_PREVIOUS` is set, what that one sealed opens too.
    static func current() throws -> MasterKey {
        let reader = SettingsReader()
        let current = key("VERBATIM_MASTER_KEY", reader.required("VERBATIM_MASTER_KEY", hint: hint), reader)
        let previous = reader.string("VERBATIM_MASTER_KEY_PREVIOUS").map {
            key("VERBATIM_MASTER_KEY_PREVIOUS", $0, reader)
        }
        try reader.finish()
        return current.fallingBack(to: previous)
    }

    /// Both keys, each for itself: what `rekey` needs.
    static func both() throws -> (previous: MasterKey, current: MasterKey) {
        let reader = SettingsReader()
        let keys = ["VERBATIM_MASTER_KEY_PREVIOUS", "VERBATIM_MASTER_KEY"].map {
            key($0, reader.required($0, hint: "64 hexadecimal digits"), reader)
        }
        try reader.finish()
        return (keys[0], keys[1])
    }

    private static func key(_ name: String, _ text: String, _ reader: SettingsReader) -> MasterKey {
        if let key = MasterKey(hex: text) { return key }
        if !text.isEmpty { reader.report("\(name) must be 64 hexadecimal digits") }
        return .zero
    }
}
