import Subprocess
import Synchronization

/// Kills a child process that makes its caller wait for too long.
///
/// Only the time spent in `watching` counts. The signal is sent while the caller's body still runs, before the child is reaped, so
/// the process id cannot belong to another process by then.
final class Watchdog: Sendable {
    private struct State {
        var waitingSince: ContinuousClock.Instant?
        var hasBitten = false
    }

    private let state = Mutex(State())
    private let timeout: Duration

    private init(timeout: Duration) {
        self.timeout = timeout
    }

    /// Runs `body` while watching the child. Returns whether the child had to be killed.
    nonisolated(nonsending) static func guarding<Input: InputProtocol, Output: OutputProtocol, Failure: OutputProtocol>(
        _ execution: Execution<Input, Output, Failure>, timeout: Duration, body: (Watchdog) async throws -> Void
    ) async throws -> Bool {
        let watchdog = Watchdog(timeout: timeout)
        let guardian = Task {
            await watchdog.wait()
            // Ignore the error if the child is already gone.
            if watchdog.hasBitten { try? execution.send(signal: .kill) }
        }
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(watchdog))
        } catch {
            outcome = .failure(error)
        }
        guardian.cancel()
        await guardian.value
        // If the child was killed, an error of `body` only follows from that.
        if !watchdog.hasBitten { try outcome.get() }
        return watchdog.hasBitten
    }

    /// Runs `operation`, which waits for the child, and counts its time.
    nonisolated(nonsending) func watching<Value>(_ operation: () async throws -> Value) async throws -> Value {
        state.withLock { $0.waitingSince = .now }
        defer { state.withLock { $0.waitingSince = nil } }
        return try await operation()
    }

    private var hasBitten: Bool { state.withLock { $0.hasBitten } }

    /// Returns when the time-out is over, or on cancellation.
    private func wait() async {
        while true {
            let deadline = (state.withLock { $0.waitingSince } ?? .now) + timeout
            do { try await Task.sleep(until: deadline, clock: .continuous) } catch { return }
            let isOver = state.withLock { state in
                guard let since = state.waitingSince, since + timeout <= .now else { return false }
                state.hasBitten = true
                return true
            }
            if isOver { return }
        }
    }
}
