import Subprocess
import Synchronization

/// Kills a child that makes its caller wait for too long.
///
/// Only the time spent in `watching` counts. The kill is sent while the caller's body still runs, that is before the
/// child is reaped: the number can be nobody else's.
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

    /// Runs `body` beside the child. Gives whether the child had to be killed.
    nonisolated(nonsending) static func guarding<Input: InputProtocol, Output: OutputProtocol, Failure: OutputProtocol>(
        _ execution: Execution<Input, Output, Failure>, timeout: Duration, body: (Watchdog) async throws -> Void
    ) async throws -> Bool {
        let watchdog = Watchdog(timeout: timeout)
        let guardian = Task {
            await watchdog.wait()
            // Already gone is as good.
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
        // A read that fails because the child was killed is no other error.
        if !watchdog.hasBitten { try outcome.get() }
        return watchdog.hasBitten
    }

    /// Waits for the child in `operation`, and counts the time.
    nonisolated(nonsending) func watching<Value>(_ operation: () async throws -> Value) async throws -> Value {
        state.withLock { $0.waitingSince = .now }
        defer { state.withLock { $0.waitingSince = nil } }
        return try await operation()
    }

    private var hasBitten: Bool { state.withLock { $0.hasBitten } }

    /// Returns when time-out has run out, or on cancellation.
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
