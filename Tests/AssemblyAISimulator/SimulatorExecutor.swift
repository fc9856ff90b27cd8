import Dispatch

/// A thread for one simulator. What it simulates runs on another machine: it answers also while this process' tests keep the
/// threads of Swift's pool busy.
final class SimulatorExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "assemblyai-simulator")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
