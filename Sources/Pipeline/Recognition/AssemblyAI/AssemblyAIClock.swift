import Postgres

/// The clock and the random numbers that the engine uses: the machine's own, or a test's.
package struct AssemblyAIClock: Sendable {
    let now: @Sendable () -> Timestamp
    let sleep: @Sendable (Duration) async throws -> Void
    let random: @Sendable () -> UInt64

    package init(
        now: @escaping @Sendable () -> Timestamp = { .now() },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        random: @escaping @Sendable () -> UInt64 = { .random(in: .min ... .max) }
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
    }

    /// The random numbers as a generator for Swift's own functions.
    var generator: Generator { Generator(random: random) }

    struct Generator: RandomNumberGenerator {
        let random: @Sendable () -> UInt64

        func next() -> UInt64 { random() }
    }
}
