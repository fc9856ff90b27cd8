import Tenancy

/// API keys whose hashes are already known. Every database gets the same ones: its first key, its second, and so on.
///
/// Hashing a key is slow by design. In many tests it would take as much processor time as everything else.
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
