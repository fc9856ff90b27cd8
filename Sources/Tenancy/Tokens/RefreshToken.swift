import Crypto
import Foundation

/// A refresh token: 256 random bits that only their holder knows. We keep their SHA-256.
package struct RefreshToken: Sendable {
    /// 30 days from the login, whatever happens between: in seconds.
    static let lifetimeSeconds: Int64 = 30 * 24 * 3600
    /// How long after a rotation the replaced token still gets its successor, as long as nobody has used that: for who asked many times at
    /// once, or lost the answer.
    package static let retryWindow = Duration.seconds(10)

    let text: String

    init() {
        text = "rt_" + Base62.random(43)
    }

    /// nil when `text` cannot be one of ours, which saves a look into the database.
    init?(_ text: String) {
        guard text.hasPrefix("rt_"), text.utf8.count == 46, Base62.isValid(text.dropFirst(3)) else { return nil }
        self.text = text
    }

    var hash: [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }
}

extension RefreshToken {
    /// The token that takes this one's place, sealed so that only who presents this one can read it.
    func seal(_ successor: RefreshToken) throws -> [UInt8] {
        let box = try AES.GCM.seal(Data(successor.text.utf8), using: successorKey)
        guard let combined = box.combined else { throw SealedSecretError.unreadable }
        return Array(combined)
    }

    /// Nil when it was not sealed by this token.
    func open(_ sealed: [UInt8]) -> RefreshToken? {
        guard let box = try? AES.GCM.SealedBox(combined: sealed),
            let plain = try? AES.GCM.open(box, using: successorKey)
        else { return nil }
        return RefreshToken(String(decoding: plain, as: UTF8.self))
    }

    /// Each token seals one successor, so the key is used once.
    private var successorKey: SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: Array(text.utf8)), info: Data("verbatim refresh successor".utf8),
            outputByteCount: 32)
    }
}
