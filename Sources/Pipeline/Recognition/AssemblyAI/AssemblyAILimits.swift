import Egress

/// How long to wait for AssemblyAI and how often to retry, as data.
package struct AssemblyAILimits: Sendable {
    /// Time-out for connecting.
    package var connect: Duration = .seconds(10)
    /// Time-out for a whole call. An upload gets the time that its bytes take at the slowest rate in addition.
    package var answer: Duration = .seconds(30)
    /// An upload is given up if its mean rate is lower than this, in bytes a second.
    package var slowestUpload = 64 << 10
    /// Largest body of an answer, in bytes. The words of the longest chunk take about 200 KB.
    package var responseBytes = 64 << 20

    /// Delays after temporary errors of an upload or a submission: three attempts in all, made while the caller waits.
    package var retries = RetrySchedule(delays: [.milliseconds(500), .seconds(2)], jitter: 0.3)

    /// Delay before the first poll, plus one second for every two minutes of the chunk.
    package var firstPoll: Duration = .seconds(1)
    /// Delay between two polls: one second plus this share of the time since the submission …
    package var pollGrowth = 0.2
    /// … but no more than this.
    package var slowestPoll: Duration = .seconds(10)
    /// The share of a delay by which it varies at random, in both directions.
    package var pollJitter = 0.2
    /// An unfinished chunk is given up after this time plus twice its duration.
    package var timeout: Duration = .seconds(600)

    /// Delay after a 429 without `Retry-After`, and the longest `Retry-After` that is respected.
    package var rateLimitPause: Duration = .seconds(5)
    package var longestRateLimitPause: Duration = .seconds(60)
    /// If every submission ended with a 429 for this long, that counts as a failure, no longer as a wait.
    package var rateLimitTimeout: Duration = .seconds(120)

    /// How long a rejected model name is left out. Trying it again costs one rejected call.
    package var refusedModelMemory: Duration = .seconds(60)

    package init() {}
}
