import Crypto
import Foundation

/// A refresh token: 256 random bits that only their holder knows. We keep their SHA-256.
struct RefreshToken: Sendable {
    /// 30 days from the login, whatever happens between: in seconds.
    static let lifetimeSeconds: Int64 = 30 * 24 * 3600

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
