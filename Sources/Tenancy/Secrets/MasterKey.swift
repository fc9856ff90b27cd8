import Cryptography

/// The operator's key that encrypts the secrets in the database, with AES-256-GCM. Each secret has a new nonce and is bound to its purpose.
package struct MasterKey: Sendable {
    private let key: SecretKey
    /// Decrypts secrets that `rekey` has not changed yet; encrypts none.
    private var previous: SecretKey?

    /// A placeholder that never encrypts anything. Settings continue with it after they have reported an invalid key.
    package static let zero = MasterKey(key: SecretKey([UInt8](repeating: 0, count: 32)))

    private init(key: SecretKey) { self.key = key }

    /// Reads `VERBATIM_MASTER_KEY`. Nil unless `hex` is 64 hexadecimal digits.
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
        key = SecretKey(bytes)
    }

    /// Returns this key, which then also decrypts what `previous` encrypted. Nodes use it until `rekey` has run.
    package func fallingBack(to previous: MasterKey?) -> MasterKey {
        var key = self
        key.previous = previous?.key
        return key
    }

    /// Encrypts `plain`. Returns nonce, cipher text and tag.
    ///
    /// - Parameter purpose: the column and row to which the secret is bound.
    package func seal(_ plain: [UInt8], for purpose: String) throws -> [UInt8] {
        try AES256GCM.seal(plain, key: key, context: Array(purpose.utf8))
    }

    /// Decrypts a secret of `purpose`. Throws ``SealedSecretError`` if it was altered, moved to another row, or encrypted with another key.
    package func open(_ sealed: [UInt8], for purpose: String) throws(SealedSecretError) -> [UInt8] {
        for key in [key, previous] {
            if let key, let plain = try? AES256GCM.open(sealed, key: key, context: Array(purpose.utf8)) { return plain }
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
