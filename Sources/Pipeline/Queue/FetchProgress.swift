import Synchronization

/// How far one fetch is, for whoever watches it.
package final class FetchProgress: Sendable {
    package enum Stage: Sendable {
        /// Gets a file by itself.
        case plain
        /// Waits for yt-dlp, of which there are so many at a time.
        case waitingForPage
        /// Is yt-dlp's.
        case page
    }

    private struct State {
        var stage = Stage.plain
        var bytes: @Sendable () -> Int64 = { 0 }
        var canGoOn: @Sendable () -> Bool = { true }
    }

    private let state = Mutex(State())

    package init() {}

    package var stage: Stage { state.withLock { $0.stage } }
    /// Of the source, on this machine.
    package var bytes: Int64 { state.withLock { $0.bytes }() }
    /// Whether another claim would go on where this one is.
    package var canGoOn: Bool { state.withLock { $0.canGoOn }() }

    /// - Parameters:
    ///   - bytes: called now and then, on any thread.
    ///   - canGoOn: the same.
    package func enter(
        _ stage: Stage, bytes: @escaping @Sendable () -> Int64, canGoOn: @escaping @Sendable () -> Bool
    ) {
        state.withLock { $0 = State(stage: stage, bytes: bytes, canGoOn: canGoOn) }
    }
}
