import Addresses
import CCurl
import Glibc

/// A non-blocking socket of the proxy. It is closed with its last reference.
final class ProxySocket: Sendable {
    let descriptor: Int32

    /// - Parameter descriptor: this object closes it.
    init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Creates a listener on loopback. Returns it and its port.
    static func listening() -> (ProxySocket, UInt16)? {
        guard let listener = make(AF_INET) else { return nil }
        let bound = withSocketAddress(.v4(0x7F00_0001), port: 0) { bind(listener.descriptor, $0, $1) == 0 }
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        guard bound, listen(listener.descriptor, 64) == 0,
            withUnsafeMutablePointer(
                to: &name,
                { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        getsockname(listener.descriptor, $0, &length) == 0
                    }
                })
        else { return nil }
        return (listener, UInt16(bigEndian: name.sin_port))
    }

    func accept() -> ProxySocket? {
        let accepted = Glibc.accept(descriptor, nil, nil)
        guard accepted >= 0 else { return nil }
        // Our own way of starting children closes all other descriptors; this is for ways that don't.
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        _ = fcntl(accepted, F_SETFL, O_NONBLOCK)
        return ProxySocket(owning: accepted)
    }

    /// Connects to exactly this address. Nil if that fails or takes too long, or if `stop` is closed.
    static func connected(to address: IPAddress, port: UInt16, within limit: Duration, stop: ProxySocket)
        -> ProxySocket?
    {
        let family =
            switch address {
            case .v4: AF_INET
            case .v6: AF_INET6
            }
        guard let socket = make(family) else { return nil }
        let code = withSocketAddress(address, port: port) { connect(socket.descriptor, $0, $1) }
        if code == 0 { return socket }
        guard errno == EINPROGRESS else { return nil }
        let events = Int16(POLLOUT)
        guard Self.wait([(socket, events)], stop: stop, until: ContinuousClock.now + limit)?[0] ?? 0 != 0 else {
            return nil
        }
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(socket.descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0, error == 0 else { return nil }
        return socket
    }

    enum Outcome {
        case moved(Int)
        case wouldBlock
        case ended
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        Self.outcome(recv(descriptor, buffer.baseAddress, buffer.count, 0))
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        Self.outcome(send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)))
    }

    func finishWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Waits until one of the sockets is ready. Returns the events of each. Nil if `stop` is closed or at the deadline.
    static func wait(
        _ sockets: [(socket: ProxySocket, events: Int16)], stop: ProxySocket, until deadline: ContinuousClock.Instant
    ) -> [Int16]? {
        var entries = sockets.map {
            pollfd(fd: $0.events == 0 ? -1 : $0.socket.descriptor, events: $0.events, revents: 0)
        }
        entries.append(pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0))
        while true {
            let left = deadline - ContinuousClock.now
            guard left > .zero else { return nil }
            let count = poll(&entries, nfds_t(entries.count), Int32(min(left, .seconds(3600)).wholeMilliseconds))
            if count < 0, errno == EINTR { continue }
            guard count > 0, entries[entries.count - 1].revents == 0 else { return nil }
            return entries.dropLast().map(\.revents)
        }
    }

    private static func outcome(_ count: Int) -> Outcome {
        if count > 0 { return .moved(count) }
        return count < 0 && (errno == EAGAIN || errno == EINTR) ? .wouldBlock : .ended
    }

    private static func make(_ family: Int32) -> ProxySocket? {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, type, 0)
        return descriptor < 0 ? nil : ProxySocket(owning: descriptor)
    }
}

/// Calls `body` with an address in the system's form.
private func withSocketAddress<Result>(
    _ address: IPAddress, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    switch address {
    case .v4(let number):
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = number.bigEndian
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    case .v6(let number):
        var name = sockaddr_in6()
        name.sin6_family = sa_family_t(AF_INET6)
        name.sin6_port = port.bigEndian
        withUnsafeMutableBytes(of: &name.sin6_addr) { $0.storeBytes(of: number.bigEndian, as: UInt128.self) }
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }
}
