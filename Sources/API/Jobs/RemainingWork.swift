import Pipeline
import Postgres

/// How long to wait before asking for a job again.
enum RemainingWork {
    /// Returns 1 to 15 seconds: what is left, at the pace that the job has shown so far. Nil for a finished job.
    static func retryAfterSeconds(_ job: Job, now: Timestamp) -> Int? {
        guard !job.status.isFinished else { return nil }
        guard let started = job.startedAt, job.progress > 0 else {
            // Only the recording's length is known yet: assume ten times real time.
            return clamped((job.durationMilliseconds ?? job.estimatedMilliseconds).map { Double($0) / 10_000 } ?? 2)
        }
        let elapsed = Double(max(0, now.milliseconds - started.milliseconds)) / 1000
        return clamped(elapsed * (1 - job.progress) / job.progress)
    }

    private static func clamped(_ seconds: Double) -> Int { Int(min(15, max(1, seconds.rounded(.up)))) }
}
