import TestSupport

/// A server on loopback or a Unix socket. Each connection runs a script on a thread of its own.
///
/// It uses plain sockets, so that a test decides about each byte and about the moment of each close. It ends with its last reference.
final class ScriptedServer: Sendable {
    typealias Script = @Sendable (ServerConnection) throws -> Void

    private let listener: LoopbackListener

    var port: UInt16 { listener.port }
    /// Connections accepted so far.
    var accepts: Int { listener.accepts }
    var url: String { "http://127.0.0.1:\(port)" }

    init(address: String = "127.0.0.1", _ script: @escaping Script) throws {
        listener = try LoopbackListener(address: address) { Self.run(script, on: $0) }
    }

    init(unixPath path: String, _ script: @escaping Script) throws {
        listener = try LoopbackListener(unixPath: path) { Self.run(script, on: $0) }
    }

    /// A script that fails only closes its connection; the test sees that from its own side.
    private static func run(_ script: Script, on socket: LoopbackSocket) { try? script(ServerConnection(socket)) }
}

enum ScriptError: Error {
    case peerClosed
    case malformed
}
