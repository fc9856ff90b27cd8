import Postgres

/// The rate limits of logins with API keys, over all nodes.
///
/// Nobody can lock out somebody else's key: a login counts against the key only if the secret was right. Wrong secrets count against the key
/// together with the address they came from.
package struct LoginLimits: Sendable {
    /// Calls per minute and network.
    package static let calls = 600

    /// Before anything is read. So a flood of calls that name no key costs no query.
    private let nodeCalls = NodeRateLimit<String>(perMinute: Self.calls, capacity: 20_000)
    private let calls = RateLimit("login calls", perMinute: Self.calls)
    private let logins = RateLimit("logins", perMinute: 60)
    private let wrongSecrets = GuessLimit("wrong secrets", perMinute: 10)

    package init() {}

    /// Counts a call from `network` at this node, whatever its content. Throws also if this node knows that the network has no room anywhere.
    package func takeCall(from network: String, at now: Timestamp) throws(RateLimited) {
        try nodeCalls.take(network, at: now)
        try calls.checkMemory(network, at: now)
    }

    /// Throws if this node knows that no secret for `key` may be checked. Costs no query and counts nothing.
    func checkMemory(_ key: APIKeyID, from address: String, at now: Timestamp) throws(RateLimited) {
        try wrongSecrets.checkMemory(Self.attempt(key, address), at: now)
        try logins.checkMemory(key.rawValue, at: now)
    }

    /// Counts a call whose key is looked up. Throws unless a secret for `key` may be checked.
    func takeLookup(
        of key: APIKeyID, from address: String, at now: Timestamp, in transaction: PostgresTransaction
    ) throws {
        try calls.take(address, at: now, in: transaction)
        try wrongSecrets.check(Self.attempt(key, address), at: now, in: transaction)
        try logins.check(key.rawValue, at: now, in: transaction)
    }

    /// Counts a wrong secret at this node as soon as it is known. Costs no query.
    func noteWrongSecret(for key: APIKeyID, from address: String, at now: Timestamp) {
        wrongSecrets.note(Self.attempt(key, address), at: now)
    }

    /// Counts a wrong secret for all nodes. Throws if too many were checked at the same time, so that the caller doesn't learn whether this one was right.
    func takeWrongSecret(
        for key: APIKeyID, from address: String, at now: Timestamp, in transaction: PostgresTransaction
    ) throws {
        try wrongSecrets.take(Self.attempt(key, address), at: now, in: transaction)
    }

    /// Counts a login with the right secret.
    func takeLogin(of key: APIKeyID, at now: Timestamp, in transaction: PostgresTransaction) throws {
        try logins.take(key.rawValue, at: now, in: transaction)
    }

    private static func attempt(_ key: APIKeyID, _ address: String) -> String { "\(key.rawValue) \(address)" }
}
