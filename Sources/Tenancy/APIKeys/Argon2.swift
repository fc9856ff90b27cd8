import CArgon2
import Concurrency
import Synchronization

/// Argon2id with the cost m=19456 KiB, t=2, p=1, on threads of its own. The number of threads limits the memory that a flood of logins
/// can take, because each run needs 19 MiB.
package final class Argon2: Sendable {
    private static let memoryKiB: UInt32 = 19_456
    private static let passes: UInt32 = 2
    private static let parallelism: UInt32 = 1
    private static let hashLength = 32

    private let threads: [BlockingCalls]
    private let maxWaiting: Int
    private let state = Mutex((next: 0, waiting: 0))
    private let begun = Atomic<Int>(0)

    /// - Parameters:
    ///   - threads: how many runs are possible at the same time.
    ///   - maxWaiting: how many runs may be in progress or waiting. Further calls throw ``Argon2Error/overloaded``.
    package init(threads: Int, maxWaiting: Int = 256) {
        self.threads = (0..<max(1, threads)).map { BlockingCalls("argon2-\($0)") }
        self.maxWaiting = maxWaiting
    }

    /// How many runs have begun so far.
    package var runs: Int { begun.load(ordering: .relaxed) }

    /// Returns the PHC string of `secret` with a new 128-bit salt. Throws ``Argon2Error``.
    package func hash(_ secret: String) async throws -> String {
        try await run({}) { try Self.encode(secret) }
    }

    /// Returns whether `secret` matches the PHC string `phc`. The comparison takes constant time. Throws ``Argon2Error``.
    ///
    /// - Parameters:
    ///   - admission: called just before the run. If it throws, there is no run, and its error is thrown.
    ///   - whenWrong: called on the same thread after the run, if the secret was wrong: before that thread asks the next `admission`.
    package func verify(
        _ secret: String, against phc: String, admission: @escaping @Sendable () throws -> Void = {},
        whenWrong: @escaping @Sendable () -> Void = {}
    ) async throws -> Bool {
        try await run(admission) {
            let password = Array(secret.utf8)
            switch argon2id_verify(phc, password, password.count) {
            case ARGON2_OK.rawValue: return true
            case ARGON2_VERIFY_MISMATCH.rawValue:
                whenWrong()
                return false
            case let code: throw Argon2Error.failed(code: code)
            }
        }
    }

    private func run<T: Sendable>(
        _ admission: @escaping @Sendable () throws -> Void, _ body: @escaping @Sendable () throws -> T
    ) async throws -> T {
        let thread: BlockingCalls? = state.withLock { state in
            guard state.waiting < maxWaiting else { return nil }
            state.waiting += 1
            state.next = (state.next + 1) % threads.count
            return threads[state.next]
        }
        guard let thread else { throw Argon2Error.overloaded }
        defer { state.withLock { $0.waiting -= 1 } }
        return try await thread.run { [self] in
            try admission()
            begun.add(1, ordering: .relaxed)
            return try body()
        }
    }

    private static func encode(_ secret: String) throws -> String {
        var generator = SystemRandomNumberGenerator()
        let salt = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let password = Array(secret.utf8)
        let length = argon2_encodedlen(
            passes, memoryKiB, parallelism, UInt32(salt.count), UInt32(hashLength), Argon2_id)
        var encoded = [CChar](repeating: 0, count: length)
        let code = argon2id_hash_encoded(
            passes, memoryKiB, parallelism, password, password.count, salt, salt.count, hashLength, &encoded, length)
        guard code == ARGON2_OK.rawValue else { throw Argon2Error.failed(code: code) }
        return String(decoding: encoded.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

package enum Argon2Error: Error, Equatable {
    /// Too many runs are waiting; try again shortly.
    case overloaded
    /// libargon2's error code: out of memory, or the stored text is not a hash.
    case failed(code: Int32)
}
