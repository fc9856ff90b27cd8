import Addresses
import CCurl
import Concurrency
import Glibc

/// A channel to a proxy for a child process that may not create sockets. It is a pair of sockets. The child sends a byte to ask for a connection
/// to the proxy, and gets its descriptor. With the byte `j` it asks for the other descriptor that its starter offers. Before that, it can read
/// the first bytes that its starter wrote.
///
/// The channel ends with its proxy, or when it is released. Then the child sees its end closed.
package final class ProxyChannel: Sendable {
    /// The child's end, for its standard input. It is closed with this object; a child that was started has its own copy.
    package let childEnd: Int32
    private let ours: ProxySocket

    /// The socket's buffer in bytes. It holds a few descriptors that the child has asked for but not taken.
    private static let room: Int32 = 4 << 10
    /// How long connecting to the proxy may take, and how long the child may take to accept the descriptor.
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
        do throws(DetachedThread.NotStarted) {
            try DetachedThread.start(name: "proxy") { Self.serve(ours, port, stop, other) }
        } catch {
            throw .failed(code: Int(error.code))
        }
    }

    deinit {
        // The thread may keep the socket for a moment longer.
        shutdown(ours.descriptor, Int32(SHUT_RDWR))
        close(childEnd)
    }

    /// Passes a descriptor to the child for each byte, until either side is gone.
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
        // The child expects a socket whose reads block.
        if let connection { _ = fcntl(connection.descriptor, F_SETFL, 0) }
        return connection
    }

    /// Passes a descriptor to the child. A byte without a descriptor says that there is none. Returns false if the child takes nothing in time.
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
