import Tenancy

/// API keys that were hashed already: the first that a database gets, the second, and so on, the same in each database.
///
/// Hashing a key costs as much processor time as all else that many a test does, by intention.
actor KeyStock {
    static let shared = KeyStock()

    private let argon2 = Argon2(threads: 2)
    private var keys: [Task<IssuedKey, any Error>] = []

    func key(_ number: Int) async throws -> IssuedKey {
        while keys.count <= number {
            keys.append(Task { [argon2] in try await IssuedKey.make(hashedWith: argon2) })
        }
        return try await keys[number].value
    }
}
