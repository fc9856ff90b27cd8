import Glibc
import TestSupport

/// An accepted connection, which a script controls. It closes with its last reference.
final class ServerConnection {
    struct Request: Sendable {
        var method = ""
        var target = ""
        var headers: [String: String] = [:]
        var headerLines: [String] = []
        var body: [UInt8] = []

        var text: String { String(decoding: body, as: UTF8.self) }
        var length: Int { headers["content-length"].flatMap(Int.init) ?? 0 }
    }

    private let socket: LoopbackSocket
    private var buffer: [UInt8] = []

    init(_ socket: LoopbackSocket) { self.socket = socket }

    func readRequest() throws -> Request {
        var request = try readHead()
        while request.body.count < request.length {
            request.body += try readSome(atMost: request.length - request.body.count)
        }
        return request
    }

    func readHead() throws -> Request {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let range = buffer.firstRange(of: end) {
                let lines = String(decoding: buffer[..<range.lowerBound], as: UTF8.self).split(separator: "\r\n")
                buffer.removeSubrange(..<range.upperBound)
                return try Self.parse(lines.map(String.init))
            }
            try fill()
        }
    }

    /// At least one byte of a body.
    func readSome(atMost limit: Int) throws -> [UInt8] {
        if buffer.isEmpty { try fill() }
        let bytes = Array(buffer.prefix(limit))
        buffer.removeFirst(bytes.count)
        return bytes
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws { try socket.send(bytes) }

    func respond(_ status: Int = 200, headers: [String] = [], body: String = "") throws {
        let lines = ["HTTP/1.1 \(status) Scripted", "Content-Length: \(body.utf8.count)"] + headers
        try send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// Reads until the peer closes or resets the connection.
    func waitForEnd() {
        while (try? fill()) != nil { buffer.removeAll() }
    }

    private func fill() throws {
        let count = withUnsafeTemporaryAllocation(byteCount: 256 << 10, alignment: 1) { chunk in
            let count = recv(socket.descriptor, chunk.baseAddress, chunk.count, 0)
            if count > 0 { buffer.append(contentsOf: chunk.prefix(count)) }
            return count
        }
        guard count > 0 else { throw ScriptError.peerClosed }
    }

    private static func parse(_ lines: [String]) throws -> Request {
        guard let first = lines.first?.split(separator: " "), first.count == 3 else { throw ScriptError.malformed }
        var request = Request(method: String(first[0]), target: String(first[1]))
        request.headerLines = Array(lines.dropFirst())
        for line in request.headerLines {
            guard let colon = line.firstIndex(of: ":") else { throw ScriptError.malformed }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            request.headers[line[..<colon].lowercased()] = String(value)
        }
        return request
    }
}
