import Egress

/// How long AssemblyAI is waited for and how often it is asked again, as data.
package struct AssemblyAILimits: Sendable {
    /// For the connection of every call.
    package var connect: Duration = .seconds(10)
    /// For a whole call; for an upload, on top of the time that its bytes take at the slowest rate.
    package var answer: Duration = .seconds(30)
    /// The mean rate of an upload, in bytes a second, below which it is given up.
    package var slowestUpload = 64 << 10
    /// Of an answer's body. The words of the longest chunk take about 200 KB.
    package var responseBytes = 64 << 20

    /// Of a call that hands in and met a fault that may pass: three tries in all, made while the caller waits.
    package var retries = RetrySchedule(delays: [.milliseconds(500), .seconds(2)], jitter: 0.3)

    /// Until a chunk is asked for the first time: this, and a second more for every two minutes of it.
    package var firstPoll: Duration = .seconds(1)
    /// Between two polls: one second and this part of the time since the chunk was handed in …
    package var pollGrowth = 0.2
    /// … but no more than this.
    package var slowestPoll: Duration = .seconds(10)
    /// The part of a waiting time by which it varies both ways.
    package var pollJitter = 0.2
    /// After it, and twice the chunk's length, an unfinished chunk is given up.
    package var timeout: Duration = .seconds(600)

    /// How long a 429 without a `Retry-After` is waited out, and the most that one may ask for.
    package var rateLimitPause: Duration = .seconds(5)
    package var longestRateLimitPause: Duration = .seconds(60)
    /// How long every attempt to hand something in may end with a 429 until that is a fault and no longer a wait.
    package var rateLimitTimeout: Duration = .seconds(120)

    /// For how long a model name that was refused is left out before it is tried again, which costs one call that is refused.
    package var refusedModelMemory: Duration = .seconds(60)

    package init() {}
}
