import Foundation
import Glibc

/// One end of a connection on this machine. It closes with its last reference.
package final class LoopbackSocket: Sendable {
    package struct Ended: Error {
        package init() {}
    }

    package let descriptor: Int32

    init(owning descriptor: Int32) {
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        // No thread outlives a broken test for long.
        var limit = timeval(tv_sec: 300, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Connects to a port on this machine.
    package convenience init(port: UInt16) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        self.init(owning: descriptor)
        guard code == 0 else { throw Ended() }
    }

    deinit { close(descriptor) }

    package func send(_ text: String) throws { try send(Array(text.utf8)) }

    package func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress?.advanced(by: sent), $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Ended() }
            sent += count
        }
    }

    /// At least one byte; none if the other side has closed.
    package func receive() throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        guard count >= 0 else { throw Ended() }
        return Array(bytes[..<count])
    }

    /// Everything until the other side closes.
    package func receiveAll() -> [UInt8] {
        var all: [UInt8] = []
        while let bytes = try? receive(), !bytes.isEmpty { all += bytes }
        return all
    }

    /// A head without its empty line. Bytes after it are dropped; a well-behaved client sends none before it has an answer.
    package func receiveHead() throws -> String {
        var text = ""
        while !text.contains("\r\n\r\n") {
            let bytes = try receive()
            if bytes.isEmpty { throw Ended() }
            text += String(decoding: bytes, as: UTF8.self)
        }
        return text.components(separatedBy: "\r\n\r\n")[0]
    }

    /// Makes closing reset the connection instead of ending it.
    package func breakOff() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    }
}

extension LoopbackSocket {
    /// Closes both directions at once, even if somebody else still holds it.
    package func finish() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
