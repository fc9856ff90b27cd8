import Postgres

/// The rate limits of logins. Each node counts on its own.
///
/// Nobody can lock out somebody else's key: a login counts against the key only if the secret was right. Wrong secrets count against the key
/// together with the address they came from.
package final class LoginLimits: Sendable {
    private struct Attempt: Hashable {
        let key: APIKeyID
        let address: String
    }

    private let calls: RateLimit<String>
    private let logins: RateLimit<APIKeyID>
    private let wrongSecrets: RateLimit<Attempt>

    /// - Parameter capacity: how many addresses, how many keys, and how many pairs of key and address are remembered.
    package init(capacity: Int = 20_000) {
        calls = RateLimit(perMinute: 600, capacity: capacity)
        logins = RateLimit(perMinute: 60, capacity: capacity)
        wrongSecrets = RateLimit(perMinute: 10, capacity: capacity)
    }

    /// Counts a call from `network`, whatever its content.
    package func takeCall(from network: String, at now: Timestamp) throws(RateLimited) {
        try calls.take(network, at: now)
    }

    /// Throws unless a secret for `key` may be checked. Counts nothing.
    func check(_ key: APIKeyID, from address: String, at now: Timestamp) throws(RateLimited) {
        try wrongSecrets.check(Attempt(key: key, address: address), at: now)
        try logins.check(key, at: now)
    }

    /// Counts a wrong secret. Throws if too many were checked at the same time, so that the caller doesn't learn whether this one was right.
    func takeWrongSecret(for key: APIKeyID, from address: String, at now: Timestamp) throws(RateLimited) {
        try wrongSecrets.take(Attempt(key: key, address: address), at: now)
    }

    /// Counts a login with the right secret.
    func takeLogin(of key: APIKeyID, at now: Timestamp) throws(RateLimited) {
        try logins.take(key, at: now)
    }
}
