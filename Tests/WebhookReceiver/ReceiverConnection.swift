import Glibc
import TestSupport

/// A connection that a receiver has accepted.
struct ReceiverConnection {
    private let socket: LoopbackSocket
    private var buffer: [UInt8] = []

    private var descriptor: Int32 { socket.descriptor }

    init(_ socket: LoopbackSocket) { self.socket = socket }

    /// The next request; nil when the connection ends.
    mutating func read() -> ReceivedWebhook? {
        let end = Array("\r\n\r\n".utf8)
        var head: Range<Int>?
        while head == nil {
            head = buffer.firstRange(of: end)
            if head == nil, !fill() { return nil }
        }
        guard let head else { return nil }
        let lines = String(decoding: buffer[..<head.lowerBound], as: UTF8.self).split(separator: "\r\n")
        buffer.removeSubrange(..<head.upperBound)
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        let length = headers["content-length"].flatMap(Int.init) ?? 0
        while buffer.count < length { if !fill() { return nil } }
        let body = Array(buffer.prefix(length))
        buffer.removeFirst(length)
        let first = lines.first?.split(separator: " ") ?? []
        guard first.count == 3 else { return nil }
        return ReceivedWebhook(method: String(first[0]), path: String(first[1]), headers: headers, body: body)
    }

    /// Sends the answer. Returns whether the connection stays open.
    mutating func answer(_ answer: ReceiverResponse) -> Bool {
        switch answer {
        case .status(let code, let headers, let bodyBytes):
            let lines = ["HTTP/1.1 \(code) Received", "Content-Length: \(bodyBytes)"] + headers.map { "\($0): \($1)" }
            return send(lines.joined(separator: "\r\n") + "\r\n\r\n" + String(repeating: "x", count: bodyBytes))
        case .hang:
            while fill() {}
        case .endlessBody:
            _ = send("HTTP/1.1 200 Received\r\nContent-Type: text/plain\r\n\r\n")
            while send(String(repeating: "y", count: 16 << 10)) {}
        case .raw(let bytes, let resets):
            _ = send(bytes)
            guard resets else { break }
            // What was sent has arrived by then, and nobody can take it back.
            var unsent: Int32 = 1
            while ioctl(descriptor, UInt(TIOCOUTQ), &unsent) == 0, unsent > 0 { sched_yield() }
            fallthrough
        case .reset:
            socket.breakOff()
        case .close:
            break
        case .noise:
            _ = send("what do you mean?\r\n\r\n")
        }
        return false
    }

    func greet(_ text: String) { _ = send(text) }

    private func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Whether the peer has taken it.
    private func send(_ bytes: [UInt8]) -> Bool { (try? socket.send(bytes)) != nil }

    private mutating func fill() -> Bool {
        let count = withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { chunk in
            let count = recv(descriptor, chunk.baseAddress, chunk.count, 0)
            if count > 0 { buffer.append(contentsOf: chunk.prefix(count)) }
            return count
        }
        return count > 0
    }
}
