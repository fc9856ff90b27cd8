import Postgres

/// How often one may try to log in. Each node counts for itself.
///
/// Nobody can lock out another's key: a key's logins count only when its secret was right, and wrong secrets count against the
/// address they came from.
package final class LoginLimits: Sendable {
    private struct Attempt: Hashable {
        let key: APIKeyID
        let address: String
    }

    private let calls: RateLimit<String>
    private let logins: RateLimit<APIKeyID>
    private let wrongSecrets: RateLimit<Attempt>

    /// - Parameter capacity: how many addresses, keys, and keys from addresses are kept.
    package init(capacity: Int = 20_000) {
        calls = RateLimit(perMinute: 600, capacity: capacity)
        logins = RateLimit(perMinute: 60, capacity: capacity)
        wrongSecrets = RateLimit(perMinute: 10, capacity: capacity)
    }

    /// A call from `network`, whatever is in it.
    package func takeCall(from network: String, at now: Timestamp) throws(RateLimited) {
        try calls.take(network, at: now)
    }

    /// Whether a secret for `key` may be looked at.
    func check(_ key: APIKeyID, from address: String, at now: Timestamp) throws(RateLimited) {
        try wrongSecrets.check(Attempt(key: key, address: address), at: now)
        try logins.check(key, at: now)
    }

    /// The secret was wrong. Throws where too many were under way at once: the caller must not learn what this one was.
    func takeWrongSecret(for key: APIKeyID, from address: String, at now: Timestamp) throws(RateLimited) {
        try wrongSecrets.take(Attempt(key: key, address: address), at: now)
    }

    /// The secret was right.
    func takeLogin(of key: APIKeyID, at now: Timestamp) throws(RateLimited) {
        try logins.take(key, at: now)
    }
}
