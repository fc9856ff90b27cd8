import CCurl
import Glibc

/// The way to a proxy for a child that may make no socket: a pair of sockets, over which it asks for a connection by a byte and is
/// handed the descriptor of one. What it was told first lies in the pair already. By the byte `j` it asks for what its starter has for it.
///
/// Ends with its proxy, or when it is let go; the child sees its end closed then.
package final class ProxyChannel: Sendable {
    /// The child's end, for its standard input. Closed with this object: a child that was started has its own.
    package let childEnd: Int32
    private let ours: ProxySocket

    /// A child that asks without taking finds room for a few.
    private static let room: Int32 = 4 << 10
    /// For a connection to the proxy, and for the child to take it.
    private static let timeout = Duration.seconds(15)

    private static let other = UInt8(ascii: "j")

    init(
        to port: UInt16, stop: ProxySocket, saying first: [UInt8], other: @escaping @Sendable () -> Int32?
    ) throws(EgressError) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw .failed(code: Int(errno)) }
        (ours, childEnd) = (ProxySocket(owning: ends[0]), ends[1])
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        guard case .moved(first.count) = first.withUnsafeBytes(ours.write) else { throw .failed(code: Int(EMSGSIZE)) }
        var room = Self.room
        setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, socklen_t(MemoryLayout<Int32>.size))
        let ours = ours
        guard ProxyThread.start({ Self.serve(ours, port, stop, other) }) else { throw .failed(code: Int(errno)) }
    }

    deinit {
        // Our thread may hold the other one for a moment longer.
        shutdown(ours.descriptor, Int32(SHUT_RDWR))
        close(childEnd)
    }

    /// Makes a connection for each byte, until either side has gone.
    private static func serve(
        _ child: ProxySocket, _ port: UInt16, _ stop: ProxySocket, _ other: @Sendable () -> Int32?
    ) {
        while true {
            guard let ready = ProxySocket.wait([(child, Int16(POLLIN))], stop: stop, until: .now + .seconds(86_400))
            else { return }
            guard ready[0] != 0 else { continue }
            var byte: UInt8 = 0
            switch withUnsafeMutableBytes(of: &byte, { child.read(into: $0) }) {
            case .ended: return
            case .wouldBlock: continue
            case .moved:
                let isOther = byte == Self.other
                let handed = isOther ? other().map(ProxySocket.init(owning:)) : connection(port, stop)
                guard hand(handed, to: child, stop) else { return }
            }
        }
    }

    private static func connection(_ port: UInt16, _ stop: ProxySocket) -> ProxySocket? {
        let connection = ProxySocket.connected(to: .v4(0x7F00_0001), port: port, within: timeout, stop: stop)
        // For whoever gets it, reads wait until he says otherwise.
        if let connection { _ = fcntl(connection.descriptor, F_SETFL, 0) }
        return connection
    }

    /// A byte without a descriptor says that there is none. False when the child takes nothing.
    private static func hand(_ connection: ProxySocket?, to child: ProxySocket, _ stop: ProxySocket) -> Bool {
        let deadline = ContinuousClock.now + timeout
        while verbatim_hand_descriptor(child.descriptor, connection?.descriptor ?? -1) != 0 {
            guard errno == EAGAIN || errno == EINTR,
                ProxySocket.wait([(child, Int16(POLLOUT))], stop: stop, until: deadline) != nil
            else { return false }
        }
        return true
    }
}
