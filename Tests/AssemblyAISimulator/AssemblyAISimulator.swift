import Hummingbird
import Logging
import NIOCore
import Synchronization

/// AssemblyAI's API on a loopback port, with the faults that a test asks for.
///
/// It answers as the vendor documents: keys without `Bearer`, priority lists of models, whole objects whose unset fields are null,
/// failures with status 200. It counts every call by its route and keeps what became of each transcript. Uploads must be WAV files;
/// the words in them come from `SimulatorSettings.words`.
package struct AssemblyAISimulator: Sendable {
    /// Where it listens, without a slash at the end.
    package let url: String
    let service: SimulatedService

    /// Runs a simulator around `body`. It has ended, with all connections, when this returns.
    package static func with<Result: Sendable>(
        _ settings: SimulatorSettings = SimulatorSettings(),
        _ body: (AssemblyAISimulator) async throws -> Result
    ) async throws -> Result {
        let service = SimulatedService(settings: settings)
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let quiet = Logger(label: "assemblyai-simulator") { _ in SwiftLogNoOpLogHandler() }
        let application = Application(
            responder: SimulatorResponder(service: service),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) }, logger: quiet)
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask(executorPreference: SimulatorExecutor()) {
                defer { port.finish() }
                try await application.run()
            }
            // Cancelled, not drained: a connection that hangs on purpose never ends by itself.
            defer { tasks.cancelAll() }
            guard let port = await ports.first(where: { _ in true }) else {
                try await tasks.waitForAll()
                throw CancellationError()
            }
            return try await body(AssemblyAISimulator(url: "http://127.0.0.1:\(port)", service: service))
        }
    }
}

// What tests ask of it and do to it.

extension AssemblyAISimulator {
    /// How often each route was called, whatever came of it; routes that nobody called are not in it.
    /// `traceparent` of the calls that were answered as documented, in their order.
    package var traces: [String] { service.state.withLock { $0.traces } }

    package var calls: [SimulatorRoute: Int] { service.state.withLock { $0.calls } }

    /// Every transcript that was submitted, in that order, deleted ones too.
    package var transcripts: [SimulatedTranscript] { service.state.withLock { $0.account.transcripts } }

    /// How many uploads it still holds.
    package var uploads: Int { service.state.withLock { $0.account.uploads.count } }

    /// Changes the settings while it runs. Transcripts under way follow the new ones.
    package func configure(_ change: (inout SimulatorSettings) -> Void) {
        service.state.withLock { change(&$0.account.settings) }
    }

    /// Has a route's next calls fail: `times` of them, or all there will be. Several faults of one route take their turns.
    package func fail(_ route: SimulatorRoute, _ fault: SimulatorFault, times: Int? = nil) {
        service.state.withLock { $0.faults[route, default: SimulatorScript()].add(fault, times: times) }
    }

    /// Ends all faults of a route.
    package func heal(_ route: SimulatorRoute) {
        service.state.withLock { $0.faults[route] = nil }
    }

    /// Has the next submitted transcripts, `times` of them or all, end with the status `error` and this text.
    package func failTranscripts(_ error: String, times: Int? = nil) {
        service.state.withLock { $0.account.endings.add(error, times: times) }
    }

    /// Has the next `count` recordings that are handed in fail, each one as often as it is handed in.
    package func failRecordings(_ error: String, count: Int) {
        service.state.withLock { $0.account.recordingEndings.add(error, times: count) }
    }

    /// Forgets all transcripts, as if they had never been submitted.
    package func loseTranscripts() {
        service.state.withLock { state in
            for index in state.account.transcripts.indices { state.account.transcripts[index].isLost = true }
        }
    }
}
