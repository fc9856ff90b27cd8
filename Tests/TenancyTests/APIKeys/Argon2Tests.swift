import Tenancy
import Testing

@Suite struct Argon2Tests {
    @Test func `a hash is a PHC string with the contract's cost`() async throws {
        let hash = try await Argon2(threads: 1).hash("secret")
        #expect(hash.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
        #expect(!hash.contains("secret"))
    }

    @Test func `the right secret verifies and a wrong one does not`() async throws {
        let argon2 = Argon2(threads: 2)
        let hash = try await argon2.hash("secret")
        #expect(try await argon2.verify("secret", against: hash))
        #expect(try await !argon2.verify("Secret", against: hash))
        #expect(try await !argon2.verify("", against: hash))
    }

    @Test func `two hashes of one secret differ`() async throws {
        let argon2 = Argon2(threads: 2)
        async let first = argon2.hash("secret")
        async let second = argon2.hash("secret")
        #expect(try await first != second)
    }

    @Test func `a stored hash that is none is an error, not a wrong secret`() async throws {
        await #expect(throws: Argon2Error.self) {
            try await Argon2(threads: 1).verify("secret", against: "$argon2id$nonsense")
        }
    }

    @Test func `more logins than may wait are turned away, the others are served`() async throws {
        let argon2 = Argon2(threads: 1, maxWaiting: 3)
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<12 { group.addTask { (try? await argon2.hash("secret")) != nil } }
            return await group.reduce(into: [Bool]()) { $0.append($1) }
        }
        #expect(outcomes.contains(true))
        #expect(outcomes.contains(false))
        // The places are free again.
        _ = try await argon2.hash("secret")
    }
}
