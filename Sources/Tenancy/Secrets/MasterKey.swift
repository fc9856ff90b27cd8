import Crypto
import Foundation

/// The operator's key under which secrets lie in the database: AES-256-GCM, a fresh nonce each, bound to their purpose.
package struct MasterKey: Sendable {
    private let key: SymmetricKey
    /// Opens what is not sealed anew yet; seals nothing.
    private var previous: SymmetricKey?

    /// A key that seals nothing in earnest: what a reader of settings goes on with after it has reported a fault.
    package static let zero = MasterKey(key: SymmetricKey(data: [UInt8](repeating: 0, count: 32)))

    private init(key: SymmetricKey) { self.key = key }

    /// - Parameter hex: 64 hexadecimal digits (`VERBATIM_MASTER_KEY`), else nil.
    package init?(hex: String) {
        var bytes: [UInt8] = []
        var rest = Substring(hex)
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16), rest.utf8.count >= 2, rest.first != "+" else {
                return nil
            }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        guard bytes.count == 32 else { return nil }
        key = SymmetricKey(data: bytes)
    }

    /// This key, which also opens what `previous` sealed: what a node goes by while `rekey` has not run yet.
    package func fallingBack(to previous: MasterKey?) -> MasterKey {
        var key = self
        key.previous = previous?.key
        return key
    }

    /// `plain`, sealed for `purpose` (which row's which column), as nonce, cipher text and tag.
    package func seal(_ plain: [UInt8], for purpose: String) throws -> [UInt8] {
        let box = try AES.GCM.seal(plain, using: key, authenticating: Array(purpose.utf8))
        guard let combined = box.combined else { throw SealedSecretError.unreadable }
        return Array(combined)
    }

    /// What was sealed for `purpose`. Throws ``SealedSecretError`` when it was altered, moved or sealed under another key.
    package func open(_ sealed: [UInt8], for purpose: String) throws(SealedSecretError) -> [UInt8] {
        guard let box = try? AES.GCM.SealedBox(combined: sealed) else { throw .unreadable }
        for key in [key, previous] {
            if let key, let plain = try? AES.GCM.open(box, using: key, authenticating: Array(purpose.utf8)) {
                return Array(plain)
            }
        }
        throw .unreadable
    }
}

package enum SealedSecretError: Error, CustomStringConvertible {
    case unreadable

    package var description: String {
        "A stored secret cannot be opened: VERBATIM_MASTER_KEY is not the key it was sealed under."
    }
}
