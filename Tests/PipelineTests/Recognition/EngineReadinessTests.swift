import Egress
import Hummingbird
import Logging
import NIOCore
import Pipeline
import Synchronization
import TestSupport
import Testing

/// A node of many slots, and the question whether its engine is well.
@Suite struct EngineReadinessTests {
    /// A model server that is well, and whose recognitions end when it is told to.
    private final class Server: Sendable {
        let recognitions = Atomic(0)
        let looks = Atomic(0)
        private let gates = Mutex<(open: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

        func open() {
            let waiting = gates.withLock { gates in
                gates.open = true
                defer { gates.waiting = [] }
                return gates.waiting
            }
            for one in waiting { one.resume() }
        }

        func answer(_ request: Request) async throws -> Response {
            let isLook = request.uri.path == "/health"
            if isLook {
                looks.add(1, ordering: .sequentiallyConsistent)
            } else {
                recognitions.add(1, ordering: .sequentiallyConsistent)
            }
            _ = try await request.body.collect(upTo: 1 << 24)
            if !isLook {
                await withCheckedContinuation { one in
                    let isOpen = gates.withLock { gates in
                        if !gates.open { gates.waiting.append(one) }
                        return gates.open
                    }
                    if isOpen { one.resume() }
                }
            }
            let body = isLook ? #"{"model":"whisper_base"}"# : #"{"segments":[]}"#
            return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: body)))
        }
    }

    private static func with(
        _ configuration: EgressConfiguration, _ body: (Server, ModelServer) async throws -> Void
    ) async throws {
        let server = Server()
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in try await server.answer(request) },
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) }, logger: .quiet)
        let client = EgressClient(configuration: configuration, logger: .quiet)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { port.finish() }
                try await application.run()
            }
            defer { tasks.cancelAll() }
            guard let port = await ports.first(where: { _ in true }) else { throw CancellationError() }
            try await body(server, ModelServer(address: .url("http://127.0.0.1:\(port)"), client: client))
        }
        await client.close()
    }

    @Test(arguments: [1, 64, 100, 200])
    func `a node whose every place waits for its engine has them all there, and finds the engine well`(
        slots: Int
    ) async throws {
        try await Self.with(.node(slots: slots, fetches: 16)) { server, models in
            let places = slots + max(1, slots / 2)
            let engine = WhisperEngine(server: models)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<places {
                    group.addTask { _ = try await engine.recognize(.seconds(0.1), ticket: nil) }
                }
                try await eventually("every place's recognition is there") {
                    server.recognitions.load(ordering: .sequentiallyConsistent) == places
                }
                // Nobody gives a place back before: who stood in line would never be answered.
                let readiness = EngineReadiness(server: models)
                try await eventually("the engine is found well") { await readiness.isReady() }
                server.open()
                try await group.waitForAll()
            }
        }
    }

    @Test func `the engine is found well also when more wait for it than have a place`() async throws {
        try await Self.with(EgressConfiguration(maxConcurrent: 2)) { server, models in
            let engine = WhisperEngine(server: models)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<10 { group.addTask { _ = try await engine.recognize(.seconds(0.1), ticket: nil) } }
                try await eventually("two are there") {
                    server.recognitions.load(ordering: .sequentiallyConsistent) == 2
                }
                try await eventually("the engine is found well") {
                    let before = server.looks.load(ordering: .sequentiallyConsistent)
                    let readiness = EngineReadiness(server: models)
                    // However many ask, one look is made.
                    let answers = await withTaskGroup(of: Bool.self) { many in
                        for _ in 0..<50 { many.addTask { await readiness.isReady() } }
                        return await many.reduce(into: [Bool]()) { $0.append($1) }
                    }
                    #expect(server.looks.load(ordering: .sequentiallyConsistent) <= before + 1)
                    return answers.allSatisfy { $0 }
                }
                #expect(server.recognitions.load(ordering: .sequentiallyConsistent) == 2)
                server.open()
                try await group.waitForAll()
            }
        }
    }
}
