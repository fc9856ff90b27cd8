import Egress
import Foundation

/// How a proxy fares in a process that has no descriptor left.
struct ProxyReport: Encodable {
    /// Descriptors that proxies kept which could not be made.
    let kept: Int
    /// Processor time in one second of somebody knocking who cannot be let in, in milliseconds.
    let spent: Int
    /// What that one is told once there are descriptors again.
    let answer: String

    init() throws {
        let policy = AddressPolicy(allowed: [])
        // Enough for a part of what it needs, whichever that is.
        let before = Self.open
        for room in 0..<3 {
            // Whoever started this may have left some open, with gaps between them.
            Self.limit(to: (0..<1024).filter { fcntl($0, F_GETFD) < 0 }[room])
            if (try? FilteringProxy(policy: policy, limits: .init(bytes: 1))) != nil { throw Probe.Misused() }
        }
        Self.limit(to: 1024)
        kept = Self.open.count - before.count

        let proxy = try FilteringProxy(policy: policy, limits: .init(bytes: 1 << 20))
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var fillers: [Int32] = []
        while case let filler = dup(0), filler >= 0 { fillers.append(filler) }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = proxy.port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw Probe.Misused() }
        let start = clock()
        poll(nil, 0, 1000)
        spent = Int(clock() - start) * 1000 / Int(CLOCKS_PER_SEC)
        for filler in fillers { close(filler) }
        let text = Array("nonsense\r\n\r\n".utf8)
        _ = send(client, text, text.count, Int32(MSG_NOSIGNAL))
        var heard = [UInt8](repeating: 0, count: 12)
        _ = recv(client, &heard, heard.count, Int32(MSG_WAITALL))
        answer = String(decoding: heard, as: UTF8.self)
        close(client)
        proxy.stop()
    }

    /// Sockets and pipes, which is what a proxy is made of: libdispatch opens an epoll of its own, whenever that may be.
    private static var open: [Int32] {
        (0..<1024).filter { descriptor in
            var status = stat()
            return fstat(descriptor, &status) == 0 && [S_IFSOCK, S_IFIFO].contains(status.st_mode & S_IFMT)
        }
    }

    private static func limit(to count: Int32) {
        var limit = rlimit(rlim_cur: rlim_t(count), rlim_max: 4096)
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = rlim_t(count)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
