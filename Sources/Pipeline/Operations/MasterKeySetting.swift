import Settings
import Tenancy

/// The master key as the environment gives it, to nodes and to operators alike.
///
/// Reads all that it needs before it reports, so that every fault is said at once: a key that is none reads as ``MasterKey/zero``, and
/// `finish()` of the reader throws.
package struct MasterKeySetting {
    package static let name = "VERBATIM_MASTER_KEY"
    private static let previous = "VERBATIM_MASTER_KEY_PREVIOUS"

    private let reader: SettingsReader
    /// Where to get one: said behind what a key looks like.
    private let advice: String

    package init(_ reader: SettingsReader, advice: String = "") {
        self.reader = reader
        self.advice = advice
    }

    package var isSet: Bool { reader.string(Self.name) != nil }

    /// `VERBATIM_MASTER_KEY`; while `VERBATIM_MASTER_KEY_PREVIOUS` is set, what that one sealed opens too.
    package func key() -> MasterKey {
        let current = required(Self.name)
        return current.fallingBack(to: reader.string(Self.previous).map { key($0, named: Self.previous) })
    }

    /// Both keys, each for itself: what is needed to seal everything anew.
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
