import Foundation
import Glibc
import Synchronization

/// A customer's endpoint: a real HTTP server on loopback that behaves as a test says, well or badly.
///
/// It uses plain sockets and one thread per connection, so that it can hang, reset and send nonsense. It ends with its last reference.
package final class WebhookReceiver: Sendable {
    package typealias Behavior = @Sendable (ReceivedWebhook) -> ReceiverResponse

    package let port: UInt16
    private let listener: Int32
    private let log: Log

    private final class Log: Sendable {
        let state: Mutex<(behavior: Behavior, received: [ReceivedWebhook], connections: Int)>
        init(_ behavior: @escaping Behavior) { state = Mutex((behavior, [], 0)) }
    }

    package var url: String { "http://127.0.0.1:\(port)/hook" }
    /// All requests, acknowledged or not.
    package var received: [ReceivedWebhook] { log.state.withLock { $0.received } }
    /// The number of connections so far.
    package var connections: Int { log.state.withLock { $0.connections } }

    /// - Parameter greeting: sent on each new connection, before any request.
    package init(port: UInt16 = 0, greeting: String = "", _ behavior: @escaping Behavior = { _ in .ok }) throws {
        log = Log(behavior)
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        _ = fcntl(listener, F_SETFD, FD_CLOEXEC)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        inet_pton(AF_INET, "127.0.0.1", &name.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let bound = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && getsockname(listener, pointer, &length) == 0
                    && listen(listener, 1024) == 0
            }
        }
        guard bound else { throw CocoaError(.fileWriteUnknown) }
        self.port = UInt16(bigEndian: name.sin_port)
        Thread.detachNewThread { [log] in Self.accept(listener, greeting, log) }
    }

    deinit {
        // Wakes the accepting thread, which closes the descriptor.
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// Changes its behavior.
    package func behave(_ behavior: @escaping Behavior) { log.state.withLock { $0.behavior = behavior } }

    private static func accept(_ listener: Int32, _ greeting: String, _ log: Log) {
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else { break }
            log.state.withLock { $0.connections += 1 }
            Thread.detachNewThread {
                var connection = ReceiverConnection(descriptor)
                connection.greet(greeting)
                while let request = connection.read() {
                    let behavior = log.state.withLock { state in
                        state.received.append(request)
                        return state.behavior
                    }
                    guard connection.answer(behavior(request)) else { break }
                }
                connection.close()
            }
        }
        Glibc.close(listener)
    }
}
