import API
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import Tenancy
import TestSupport

/// A complete HTTP server on a free port, with routes for tests.
struct HTTPServerScene {
    struct Context: ConnectionContext {
        var coreContext: CoreRequestContextStorage
        let channel: any Channel
        var requestID = RequestIdentifier()

        init(source: ApplicationRequestContextSource) {
            coreContext = .init(source: source)
            channel = source.channel
        }
    }

    struct Surprise: Error {}

    let port: Int
    let seen: Observations
    /// Where `/upload/{account}` stores what it receives.
    let spool: Spool
    /// Begins the server's graceful shutdown.
    let shutDown: @Sendable () async -> Void

    /// Runs `body` with a server, and stops the server afterward.
    static func run(
        _ connectionGuard: ConnectionGuardSettings = ConnectionGuardSettings(), budgetBytes: Int64 = 1_000_000_000,
        maximumFiles: Int = 512,
        connections: ConnectionLimits = ConnectionLimits(), log: (any LogHandler)? = nil,
        _ body: @escaping @Sendable (HTTPServerScene) async throws -> Void
    ) async throws {
        try await TemporaryFolder.with { root in
            let seen = Observations()
            let spool = try await Spool.open(at: root, budgetBytes: budgetBytes, maximumFiles: maximumFiles)
            var settings = HTTPServerSettings(host: "127.0.0.1", port: 0, connectionGuard: connectionGuard)
            settings.connections = connections
            let front = HTTPServer<Context>(settings: settings)
            addRoutes(front.router, UploadReader(spool: spool), seen)
            let (ports, port) = AsyncStream.makeStream(of: Int.self)
            let logger = log.map { log in Logger(label: "test") { _ in log } } ?? .quiet
            let application = front.application(logger: logger) { port.yield($0) }
            let group = ServiceGroup(configuration: .init(services: [application], logger: .quiet))
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    defer { seen.note("ended") }
                    try await group.run()
                }
                var bound = ports.makeAsyncIterator()
                guard let port = await bound.next() else { return }
                let scene = HTTPServerScene(port: port, seen: seen, spool: spool) {
                    await group.triggerGracefulShutdown()
                }
                do {
                    try await body(scene)
                } catch {
                    await group.triggerGracefulShutdown()
                    throw error
                }
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
        }
    }

    private static func addRoutes(_ router: Router<Context>, _ reader: UploadReader, _ seen: Observations) {
        router.get("/hello/:name") { _, context in context.parameters.get("name") ?? "" }
        router.get("/healthz") { _, _ in "well" }
        router.get("/known/:account") { _, context -> String in
            let account = TenantID(unchecked: context.parameters.get("account") ?? "")
            context.channel.triggerUserOutboundEvent(ConnectionGuard.Authenticated(account: account), promise: nil)
            return account.rawValue
        }
        router.get("/bytes/:count") { _, context -> ByteBuffer in
            seen.note("answering")
            return ByteBuffer(repeating: 7, count: Int(context.parameters.get("count") ?? "") ?? 0)
        }
        router.get("/stream") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    for word in ["one ", "two ", "three "] { try await writer.write(ByteBuffer(string: word)) }
                    try await writer.finish(nil)
                })
        }
        router.post("/echo") { request, _ in try await request.body.collect(upTo: 1_000_000) }
        router.post("/ignore") { _, _ in "ignored" }
        router.post("/refuse") { _, _ -> String in throw APIError.fileTooLarge(limitBytes: 7) }
        router.get("/surprise") { _, _ -> String in throw Surprise() }
        router.get("/framework") { _, _ -> String in throw HTTPError(.badRequest, message: "not like this") }
        router.get("/cancelled") { _, _ -> String in throw CancellationError() }
        router.post("/drain") { request, _ in
            var count = 0
            do {
                for try await bytes in request.body {
                    count += bytes.readableBytes
                    seen.note("bytes")
                }
            } catch {
                seen.note("\(error)")
                throw error
            }
            return "\(count)"
        }
        router.post("/held") { request, _ in
            var count = 0
            for try await bytes in request.body {
                if count == 0 {
                    seen.note("held")
                    await seen.released()
                }
                count += bytes.readableBytes
            }
            return "\(count)"
        }
        router.post("/upload/:account") { request, context in
            let account = TenantID(unchecked: context.parameters.get("account") ?? "")
            let upload = try await reader.read(request, of: account, fileLimitBytes: 500_000_000)
            return "\(upload.file.bytes)"
        }
    }
}

/// Notes of the handlers, which a test can wait for.
final class Observations: Sendable {
    private let stream: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation
    private let releases: AsyncStream<Void>
    private let releaser: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
        (releases, releaser) = AsyncStream.makeStream()
    }

    /// Lets a handler continue that waits in `released`.
    func release() { releaser.yield() }

    func released() async {
        for await _ in releases { return }
    }

    func note(_ text: String) { continuation.yield(text) }

    /// Waits for the note `text`.
    func wait(for text: String) async {
        for await noted in stream where noted == text { return }
    }
}
