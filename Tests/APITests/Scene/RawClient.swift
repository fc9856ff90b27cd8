import Foundation
import NIOCore
import NIOPosix

/// A client that sends exactly the bytes that a test gives it.
struct RawClient {
    struct Answer {
        let status: Int
        /// By lower-cased name.
        let headers: [String: String]
        let body: String

        /// A member of a problem document.
        func member(_ name: String) throws -> String? {
            let object = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
            return object?[name].map { "\($0)" }
        }
    }

    struct ConnectionEnded: Error {}

    /// Sends while the client waits for an answer.
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let channel: any Channel
    private var received = ByteBuffer()

    /// Connects, runs `body` and closes.
    static func run<Value: Sendable>(
        _ scene: HTTPServerScene, _ body: (inout RawClient) async throws -> sending Value
    ) async throws -> Value {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: scene.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var client = RawClient(
                outbound: outbound, inbound: inbound.makeAsyncIterator(), channel: channel.channel)
            return try await body(&client)
        }
    }

    /// Opens `count` connections at once.
    static func run(
        _ scene: HTTPServerScene, count: Int, _ body: (inout [RawClient]) async throws -> Void
    ) async throws { try await run(scene, count: count, []) { try await body(&$0) } }

    private static func run(
        _ scene: HTTPServerScene, count: Int, _ clients: [RawClient], _ body: (inout [RawClient]) async throws -> Void
    ) async throws {
        guard clients.count < count else {
            var clients = clients
            return try await body(&clients)
        }
        try await run(scene) { client in try await run(scene, count: count, clients + [client], body) }
    }

    /// Sends one request and reads the answer. The connection stays open.
    mutating func get(_ path: String) async throws -> Answer {
        try await send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
        return try await answer()
    }

    /// Sends one request on a new connection and reads the answer.
    static func exchange(_ scene: HTTPServerScene, _ request: String) async throws -> Answer {
        try await run(scene) { client in
            try await client.send(request)
            return try await client.answer()
        }
    }

    func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    func send(_ bytes: ByteBuffer) async throws { try await outbound.write(bytes) }

    /// Sends, and waits until the system has taken everything. Throws if the server has closed the connection.
    func deliver(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes).get() }

    /// Closes our side for sending. What the server sends still arrives.
    func endSending() { outbound.finish() }

    /// Closes the connection.
    func abort() async throws { try await channel.close() }

    /// The next answer, including informational ones. `bodyless`: it answers a `HEAD`.
    mutating func answer(bodyless: Bool = false) async throws -> Answer {
        let head = try await take(through: "\r\n\r\n")
        let lines = head.split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw ConnectionEnded()
        }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let pair = line.split(separator: ":", maxSplits: 1)
            headers[pair[0].lowercased()] = pair[1].trimmingCharacters(in: .whitespaces)
        }
        let length = bodyless ? 0 : Int(headers["content-length"] ?? "0") ?? 0
        while received.readableBytes < length { try await receive() }
        let body = received.readString(length: length) ?? ""
        return Answer(status: status, headers: headers, body: body)
    }

    /// Waits until the server closes the connection, and returns what came before.
    mutating func end() async -> String {
        do { while true { try await receive() } } catch {}
        return String(buffer: received)
    }

    private mutating func take(through mark: String) async throws -> String {
        while true {
            if let range = String(buffer: received).utf8.firstRange(of: mark.utf8) {
                let text = String(buffer: received)
                let length = text.utf8.distance(from: text.utf8.startIndex, to: range.upperBound)
                return received.readString(length: length) ?? ""
            }
            try await receive()
        }
    }

    private mutating func receive() async throws {
        guard let bytes = try await inbound.next() else { throw ConnectionEnded() }
        received.writeImmutableBuffer(bytes)
    }
}
