import Postgres

/// The rate limits of sign-ins with e-mail address and password, over all nodes. Unknown addresses are counted as known ones are.
struct MemberLimits: Sendable {
    /// Before anything is read. So a flood of calls costs no query.
    private let nodeCalls = NodeRateLimit<String>(perMinute: LoginLimits.calls, capacity: 20_000)
    private let calls = RateLimit("sign-in calls", perMinute: LoginLimits.calls)
    private let signIns = RateLimit("sign-ins", perMinute: 60)
    private let wrongPasswords = GuessLimit("wrong passwords", perMinute: 10)
    /// Guesses of any network at one e-mail address. Each network's own limit comes first.
    private let wrongGuesses = GuessLimit("wrong guesses", perMinute: 100)

    /// Counts a call from `network` at this node, whatever its content.
    func takeCall(from network: String, at now: Timestamp) throws(RateLimited) {
        try nodeCalls.take(network, at: now)
        try calls.checkMemory(network, at: now)
    }

    /// Counts a call that asks the database.
    func takeCall(from network: String, at now: Timestamp, in transaction: PostgresTransaction) throws {
        try calls.take(network, at: now, in: transaction)
    }

    /// Throws if this node knows that no password for `email` may be checked. Costs no query and counts nothing.
    func checkMemory(_ email: String, from network: String, at now: Timestamp) throws(RateLimited) {
        try wrongPasswords.checkMemory(Self.attempt(email, network), at: now)
        try wrongGuesses.checkMemory(email, at: now)
        try signIns.checkMemory(email, at: now)
    }

    /// Counts a call whose e-mail address is looked up. Throws unless a password for it may be checked.
    func takeLookup(
        of email: String, from network: String, at now: Timestamp, in transaction: PostgresTransaction
    ) throws {
        try takeCall(from: network, at: now, in: transaction)
        try check(email, from: network, at: now, in: transaction)
        try signIns.check(email, at: now, in: transaction)
    }

    /// Counts a wrong password at this node as soon as it is known. Costs no query.
    func noteWrongPassword(for email: String, from network: String, at now: Timestamp) {
        wrongPasswords.note(Self.attempt(email, network), at: now)
        wrongGuesses.note(email, at: now)
    }

    /// Counts a wrong password for all nodes. Throws if too many were checked at the same time, so that the caller doesn't learn whether this one was right.
    func takeWrongPassword(
        for email: String, from network: String, at now: Timestamp, in transaction: PostgresTransaction
    ) throws {
        try wrongPasswords.take(Self.attempt(email, network), at: now, in: transaction)
        try wrongGuesses.take(email, at: now, in: transaction)
    }

    /// Counts a sign-in with the right password. Throws if too many wrong ones were checked at the same time: so a flood of guesses doesn't
    /// find the right one.
    func takeSignIn(
        of email: String, from network: String, at now: Timestamp, in transaction: PostgresTransaction
    ) throws {
        try check(email, from: network, at: now, in: transaction)
        try signIns.take(email, at: now, in: transaction)
    }

    private func check(
        _ email: String, from network: String, at now: Timestamp, in transaction: PostgresTransaction
    ) throws {
        try wrongPasswords.check(Self.attempt(email, network), at: now, in: transaction)
        try wrongGuesses.check(email, at: now, in: transaction)
    }

    private static func attempt(_ email: String, _ network: String) -> String { "\(email) \(network)" }
}
