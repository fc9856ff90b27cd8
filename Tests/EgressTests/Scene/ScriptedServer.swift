import Foundation
import Glibc
import Synchronization

// A server on loopback or a Unix socket. Each connection runs a script on a thread of its own.
//
// It uses plain sockets, so that a test decides about each byte and about the moment of each close. It ends with its last reference.

final class ScriptedServer: Sendable {
    typealias Script = @Sendable (ServerConnection) throws -> Void

    let port: UInt16
    private let listener: Int32
    private let counter = Counter()

    /// Connections accepted so far.
    var accepts: Int { counter.value.load(ordering: .sequentiallyConsistent) }
    var url: String { "http://127.0.0.1:\(port)" }

    init(address: String = "127.0.0.1", _ script: @escaping Script) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, address, &name.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let bound = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && getsockname(listener, pointer, &length) == 0
            }
        }
        guard bound else { throw ScriptError.cannotListen }
        port = UInt16(bigEndian: name.sin_port)
        try serve(script)
    }

    init(unixPath path: String, _ script: @escaping Script) throws {
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        port = 0
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        let listener = listener
        let bound = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard bound else { throw ScriptError.cannotListen }
        try serve(script)
    }

    deinit {
        // Wakes the accepting thread, which closes the descriptor.
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func serve(_ script: @escaping Script) throws {
        guard listen(listener, 64) == 0 else { throw ScriptError.cannotListen }
        Thread.detachNewThread { [listener, counter] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { break }
                counter.value.add(1, ordering: .sequentiallyConsistent)
                Thread.detachNewThread {
                    // A script that fails only closes its connection; the test sees that from its own side.
                    try? script(ServerConnection(descriptor))
                }
            }
            Glibc.close(listener)
        }
    }

    private final class Counter: Sendable {
        let value = Atomic(0)
    }
}

enum ScriptError: Error {
    case cannotListen
    case peerClosed
    case malformed
}
