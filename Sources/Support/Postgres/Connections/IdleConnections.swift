// Connections that nobody uses at the moment.
//
// Pools may share them: each has places of its own, and whoever has a place takes an idle connection before it opens one. So there are never more
// connections than the pools have places together. The one that was used last is taken first, and one that nobody has needed for a while is
// closed.

import Synchronization

package final class IdleConnections: Sendable {
    struct Entry: Sendable {
        let connection: PostgresConnection
        let since: ContinuousClock.Instant
    }

    private struct State {
        var entries: [Entry] = []
        var isClosed = false
        /// Closes what has been idle for long; nil while nothing is idle.
        var reaper: Task<Void, Never>?
    }

    private let state = Mutex(State())
    private let limit: Duration

    /// - Parameter limit: after this time a connection is closed.
    package init(limit: Duration = .seconds(60)) { self.limit = limit }

    /// How many there are.
    package var count: Int { state.withLock { $0.entries.count } }

    func take() -> Entry? { state.withLock { $0.entries.popLast() } }

    /// Returns false if it is closed; then the caller keeps the connection.
    func put(_ connection: PostgresConnection) -> Bool {
        state.withLock { state in
            if state.isClosed { return false }
            state.entries.append(Entry(connection: connection, since: .now))
            if state.reaper == nil { state.reaper = Task { await reap() } }
            return true
        }
    }

    /// Closes all, and takes none any more.
    func close() async {
        let (entries, reaper) = state.withLock { state in
            defer { (state.entries, state.reaper) = ([], nil) }
            state.isClosed = true
            return (state.entries, state.reaper)
        }
        reaper?.cancel()
        for entry in entries { await entry.connection.close() }
    }

    /// Closes what nobody needs any more, until nothing is idle.
    private func reap() async {
        while (try? await Task.sleep(for: limit / 4)) != nil {
            let (expired, isOver) = takeExpired()
            for entry in expired { await entry.connection.close() }
            if isOver { return }
        }
    }

    private func takeExpired() -> ([Entry], isOver: Bool) {
        state.withLock { state in
            let kept = state.entries.drop { $0.since.duration(to: .now) > limit }
            let expired = Array(state.entries.prefix(state.entries.count - kept.count))
            state.entries = Array(kept)
            if state.entries.isEmpty { state.reaper = nil }
            return (expired, state.entries.isEmpty)
        }
    }
}
