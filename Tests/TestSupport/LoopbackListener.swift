import Foundation
import Glibc
import Synchronization

/// Accepts connections on this machine and runs `serve` for each, on a thread of its own. It ends with its last reference.
package final class LoopbackListener: Sendable {
    package let port: UInt16
    private let descriptor: Int32
    private let counter = Counter()

    /// The number of connections so far.
    package var accepts: Int { counter.value.load(ordering: .sequentiallyConsistent) }

    /// - Parameters:
    ///   - address: an IPv4 address; nil: all addresses of both families.
    ///   - port: 0: a free one.
    package init(address: String? = "127.0.0.1", port: UInt16 = 0, serve: @escaping @Sendable (LoopbackSocket) -> Void)
        throws
    {
        let family = address == nil && Self.knowsIPv6 ? AF_INET6 : AF_INET
        let descriptor = Self.socket(family)
        self.descriptor = descriptor
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        let isBound: Bool
        if family == AF_INET6 {
            var no: Int32 = 0
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &no, 4)
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = port.bigEndian
            isBound = Self.bind(descriptor, &name)
        } else {
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            inet_pton(AF_INET, address ?? "0.0.0.0", &name.sin_addr)
            isBound = Self.bind(descriptor, &name)
        }
        guard isBound else { throw LoopbackSocket.Ended() }
        var bound = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        withUnsafeMutablePointer(to: &bound) { pointer in
            _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        // The port lies at the same place in both families.
        self.port = UInt16(bigEndian: bound.sin6_port)
        try accept(serve)
    }

    /// Listens on a Unix socket. `port` is 0.
    package init(unixPath path: String, serve: @escaping @Sendable (LoopbackSocket) -> Void) throws {
        descriptor = Self.socket(AF_UNIX)
        port = 0
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        guard Self.bind(descriptor, &name) else { throw LoopbackSocket.Ended() }
        try accept(serve)
    }

    deinit {
        // Wakes the accepting thread, which closes the descriptor.
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private func accept(_ serve: @escaping @Sendable (LoopbackSocket) -> Void) throws {
        guard listen(descriptor, 1024) == 0 else { throw LoopbackSocket.Ended() }
        Thread.detachNewThread { [counter, descriptor] in
            while true {
                let accepted = Glibc.accept(descriptor, nil, nil)
                guard accepted >= 0 else { break }
                counter.value.add(1, ordering: .sequentiallyConsistent)
                let socket = LoopbackSocket(owning: accepted)
                Thread.detachNewThread { serve(socket) }
            }
            close(descriptor)
        }
    }

    /// No child inherits it.
    private static func socket(_ family: Int32) -> Int32 {
        Glibc.socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    }

    private static let knowsIPv6 = FileManager.default.fileExists(atPath: "/proc/net/if_inet6")

    private static func bind<Name>(_ descriptor: Int32, _ name: inout Name) -> Bool {
        let size = socklen_t(MemoryLayout<Name>.size)
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.bind(descriptor, $0, size) == 0 }
        }
    }

    private final class Counter: Sendable {
        let value = Atomic(0)
    }
}
