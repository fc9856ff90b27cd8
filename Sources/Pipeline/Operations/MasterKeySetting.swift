import Settings
import Tenancy

/// The master key in the environment, for nodes and for operators.
///
/// All errors are reported together: an invalid key is read as ``MasterKey/zero``, and the reader's `finish()` throws later.
package struct MasterKeySetting {
    package static let name = "VERBATIM_MASTER_KEY"
    private static let previous = "VERBATIM_MASTER_KEY_PREVIOUS"

    private let reader: SettingsReader
    /// How to get a key, for error messages, after the description of its form.
    private let advice: String

    package init(_ reader: SettingsReader, advice: String = "") {
        self.reader = reader
        self.advice = advice
    }

    package var isSet: Bool { reader.string(Self.name) != nil }

    /// Returns `VERBATIM_MASTER_KEY`. If `VERBATIM_MASTER_KEY_PREVIOUS` is set, the key also decrypts what that one encrypted.
    package func key() -> MasterKey {
        let current = required(Self.name)
        return current.fallingBack(to: reader.string(Self.previous).map { key($0, named: Self.previous) })
    }

    /// Returns both keys separately, for rekeying.
    package func both() -> (previous: MasterKey, current: MasterKey) {
        (required(Self.previous), required(Self.name))
    }

    private var form: String { "64 hexadecimal digits" + advice }

    private func required(_ name: String) -> MasterKey {
        let text = reader.required(name, hint: form)
        return text.isEmpty ? .zero : key(text, named: name)
    }

    private func key(_ text: String, named name: String) -> MasterKey {
        if let key = MasterKey(hex: text) { return key }
        reader.report("\(name) must be \(form)")
        return .zero
    }
}
