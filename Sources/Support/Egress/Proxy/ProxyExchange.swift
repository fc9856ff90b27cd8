import Addresses
import Glibc

/// A connection to the proxy, on a thread of its own. It reads the head, checks the address, and relays bytes both ways until either side is
/// done.
struct ProxyExchange {
    let client: ProxySocket
    let door: ProxyListener

    private static let headLimit = 32 << 10
    private static let headTimeout = Duration.seconds(15)

    func run() {
        guard let (text, rest) = readHead() else { return }
        guard let head = ProxyHead(text) else { return answer("400 Bad Request") }
        guard let given = head.authorization, Self.isEqual(given, door.authorization) else {
            return answer("407 Proxy Authentication Required", "Proxy-Authenticate: Basic realm=\"verbatim\"\r\n")
        }
        switch reach(head) {
        case .success(let server):
            if head.isTunnel { answer("200 Connection established", length: "") }
            relay(with: server, toServer: head.forwarded + rest)
        case .failure(let failure):
            answer(failure.status)
        }
    }

    private struct Unreachable: Error {
        let status: String
    }

    /// Connects to an address of the host that the policy permits. Tries up to four.
    private func reach(_ head: ProxyHead) -> Result<ProxySocket, Unreachable> {
        let literal = IPAddress(head.host)
        let addresses = literal.map { [$0] } ?? door.resolver.addresses(head.host)
        guard !addresses.isEmpty else {
            door.counters.note { $0.isUnresolved = true }
            return .failure(Unreachable(status: "502 Bad Gateway"))
        }
        let permitted = addresses.filter(door.policy.permits)
        guard !permitted.isEmpty else {
            door.counters.note { $0.hasRefused = true }
            return .failure(Unreachable(status: "403 Forbidden"))
        }
        var isLate = false
        for address in permitted.prefix(4) {
            let start = ContinuousClock.now
            let server = ProxySocket.connected(
                to: address, port: head.port, within: door.limits.connect, stop: door.stop)
            if let server { return .success(server) }
            isLate = isLate || ContinuousClock.now - start >= door.limits.connect
        }
        return .failure(Unreachable(status: isLate ? "504 Gateway Timeout" : "502 Bad Gateway"))
    }

    /// Reads the head. Returns its lines, and the bytes that came after it.
    private func readHead() -> (String, [UInt8])? {
        let deadline = ContinuousClock.now + Self.headTimeout
        let end = Array("\r\n\r\n".utf8)
        var bytes: [UInt8] = []
        while bytes.count <= Self.headLimit {
            if let range = bytes.firstRange(of: end) {
                guard let text = String(validating: bytes[..<range.lowerBound], as: UTF8.self) else { return nil }
                return (text, Array(bytes[range.upperBound...]))
            }
            guard ProxySocket.wait([(client, Int16(POLLIN))], stop: door.stop, until: deadline) != nil else {
                return nil
            }
            var ended = false
            withUnsafeTemporaryAllocation(byteCount: 8 << 10, alignment: 1) { buffer in
                switch client.read(into: buffer) {
                case .moved(let count): bytes.append(contentsOf: buffer.prefix(count))
                case .wouldBlock: break
                case .ended: ended = true
                }
            }
            if ended { return nil }
        }
        return nil
    }

    private func answer(
        _ status: String, _ fields: String = "", length: String = "Content-Length: 0\r\nConnection: close\r\n"
    ) {
        Array("HTTP/1.1 \(status)\r\n\(fields)\(length)\r\n".utf8).withUnsafeBytes { _ = client.write($0) }
    }

    private func relay(with server: ProxySocket, toServer first: [UInt8]) {
        var up = ProxyStream(from: client, to: server, waiting: first)
        var down = ProxyStream(from: server, to: client, waiting: [])
        while !down.isDone {
            let sockets = [(client, up.readEvents | down.writeEvents), (server, down.readEvents | up.writeEvents)]
            guard let ready = ProxySocket.wait(sockets, stop: door.stop, until: ContinuousClock.now + door.limits.idle)
            else { return }
            if ready[0] != 0 || ready[1] != 0 {
                guard let sent = up.move(), let received = down.move(), door.counters.count(sent + received) else {
                    return
                }
            }
        }
    }

    /// Compares in constant time, so that the time doesn't reveal how much was right.
    private static func isEqual(_ given: String, _ wanted: String) -> Bool {
        let (given, wanted) = (Array(given.utf8), Array(wanted.utf8))
        guard given.count == wanted.count else { return false }
        return zip(given, wanted).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// The bytes of one direction.
private struct ProxyStream {
    let from: ProxySocket
    let to: ProxySocket
    private var waiting: ArraySlice<UInt8>
    private var hasEnded = false
    private(set) var isDone = false

    private static let blockBytes = 64 << 10

    init(from: ProxySocket, to: ProxySocket, waiting: [UInt8]) {
        self.from = from
        self.to = to
        self.waiting = waiting[...]
    }

    var readEvents: Int16 { waiting.isEmpty && !hasEnded ? Int16(POLLIN) : 0 }
    var writeEvents: Int16 { waiting.isEmpty ? 0 : Int16(POLLOUT) }

    /// Reads and writes as much as possible without waiting. Returns how many bytes were written; nil if a side is gone.
    mutating func move() -> Int? {
        if waiting.isEmpty, !hasEnded {
            var block: [UInt8] = []
            var outcome = ProxySocket.Outcome.wouldBlock
            block = [UInt8](unsafeUninitializedCapacity: Self.blockBytes) { buffer, count in
                outcome = from.read(into: UnsafeMutableRawBufferPointer(buffer))
                if case .moved(let bytes) = outcome { count = bytes }
            }
            if case .ended = outcome { hasEnded = true }
            waiting = block[...]
        }
        var moved = 0
        if !waiting.isEmpty {
            switch waiting.withUnsafeBytes({ to.write($0) }) {
            case .moved(let count):
                moved = count
                waiting = waiting.dropFirst(count)
            case .wouldBlock: break
            case .ended: return nil
            }
        }
        if hasEnded, waiting.isEmpty, !isDone {
            isDone = true
            to.finishWriting()
        }
        return moved
    }
}
