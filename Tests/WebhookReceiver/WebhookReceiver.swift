import Synchronization
import TestSupport

/// A customer's endpoint: a real HTTP server on loopback that behaves as a test says, well or badly.
///
/// It uses plain sockets and one thread per connection, so that it can hang, reset and send nonsense. It ends with its last reference.
package final class WebhookReceiver: Sendable {
    package typealias Behavior = @Sendable (ReceivedWebhook) -> ReceiverResponse

    private let listener: LoopbackListener
    private let log: Log

    private final class Log: Sendable {
        let state: Mutex<(behavior: Behavior, received: [ReceivedWebhook])>
        init(_ behavior: @escaping Behavior) { state = Mutex((behavior, [])) }
    }

    package var port: UInt16 { listener.port }
    package var url: String { "http://127.0.0.1:\(port)/hook" }
    /// All requests, acknowledged or not.
    package var received: [ReceivedWebhook] { log.state.withLock { $0.received } }
    /// The number of connections so far.
    package var connections: Int { listener.accepts }

    /// - Parameter greeting: sent on each new connection, before any request.
    package init(port: UInt16 = 0, greeting: String = "", _ behavior: @escaping Behavior = { _ in .ok }) throws {
        let log = Log(behavior)
        self.log = log
        listener = try LoopbackListener(port: port) { Self.serve($0, greeting, log) }
    }

    /// Changes its behavior.
    package func behave(_ behavior: @escaping Behavior) { log.state.withLock { $0.behavior = behavior } }

    private static func serve(_ socket: LoopbackSocket, _ greeting: String, _ log: Log) {
        var connection = ReceiverConnection(socket)
        connection.greet(greeting)
        while let request = connection.read() {
            let behavior = log.state.withLock { state in
                state.received.append(request)
                return state.behavior
            }
            guard connection.answer(behavior(request)) else { break }
        }
    }
}
