// A thread that runs the jobs of one actor, one after the other, so that this actor may block in libpq.
//
// It lives as long as its actor: the actor's deinit calls `stop()`, so no job can come later.

import Concurrency
import Glibc
import Synchronization

// Unchecked because of the pointer to the semaphore. It never changes, and a sem_t may be used by several threads.
final class ConnectionThread: SerialExecutor, @unchecked Sendable {
    private struct State {
        var jobs: [UnownedJob] = []
        var isStopped = false
    }

    private let state = Mutex(State())
    /// Counts the jobs and stops that the thread has not handled yet.
    private let wake: UnsafeMutablePointer<sem_t>

    /// - Throws: `PostgresError` `.connectionLost` when the system has no thread to give.
    init(name: String) throws(PostgresError) {
        wake = .allocate(capacity: 1)
        sem_init(wake, 0, 0)
        // The thread keeps `self` alive until it ends.
        do throws(DetachedThread.NotStarted) {
            try DetachedThread.start(name: name) { self.run() }
        } catch {
            throw .connectionLost("no thread could be started for a database connection (errno \(error.code))")
        }
    }

    deinit {
        sem_destroy(wake)
        wake.deallocate()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
        sem_post(wake)
    }

    /// Ends the thread after the queued jobs.
    func stop() {
        state.withLock { $0.isStopped = true }
        sem_post(wake)
    }

    private func run() {
        while true {
            sem_wait(wake)
            let (jobs, isStopped) = state.withLock { state in
                defer { state.jobs.removeAll() }
                return (state.jobs, state.isStopped)
            }
            for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
            if isStopped { return }
        }
    }
}
