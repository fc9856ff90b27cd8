import Pipeline
import Postgres

/// When it is worth asking for a job again.
enum RemainingWork {
    /// Seconds, 1 to 15: what is left, at the pace that the job has shown so far.
    static func retryAfterSeconds(_ job: Job, now: Timestamp) -> Int? {
        guard !job.status.isFinished else { return nil }
        guard let started = job.startedAt, job.progress > 0 else {
            // Nothing is known yet but how long the recording is: at ten times real time.
            return clamped((job.durationMilliseconds ?? job.estimatedMilliseconds).map { Double($0) / 10_000 } ?? 2)
        }
        let elapsed = Double(max(0, now.milliseconds - started.milliseconds)) / 1000
        return clamped(elapsed * (1 - job.progress) / job.progress)
    }

    private static func clamped(_ seconds: Double) -> Int { Int(min(15, max(1, seconds.rounded(.up)))) }
}
