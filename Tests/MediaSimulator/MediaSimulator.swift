import Synchronization
import TestSupport

/// Sites with recordings on a loopback port, with the faults that a test asks for.
///
/// It serves resources by path, and ranges of those that have an entity tag. It keeps all requests.
package final class MediaSimulator: Sendable {
    package struct Request: Sendable {
        package let method: String
        /// The path with its query.
        package let target: String
        /// Names in lower case.
        package let headers: [String: String]

        package var path: String { String(target.prefix { $0 != "?" }) }
        /// The first byte of the range that it asks for.
        package var rangeStart: Int? {
            guard let range = headers["range"], range.hasPrefix("bytes=") else { return nil }
            return Int(range.dropFirst(6).prefix { $0 != "-" })
        }
    }

    private struct State {
        var resources: [String: MediaResource] = [:]
        var requests: [Request] = []
    }

    private final class Site: Sendable {
        let state = Mutex(State())
    }

    package var url: String { "http://\(address):\(port)" }
    package var port: UInt16 { listener.port }
    package var connections: Int { listener.accepts }
    package var requests: [Request] { site.state.withLock { $0.requests } }

    private let site: Site
    private let address: String
    private let listener: LoopbackListener

    /// - Parameter address: an address of this machine.
    package init(_ resources: [String: MediaResource] = [:], at address: String = "127.0.0.1") throws {
        let site = Site()
        site.state.withLock { $0.resources = resources }
        self.site = site
        self.address = address
        listener = try LoopbackListener(address: address) { socket in try? Self.serve(socket, site) }
    }

    package subscript(path: String) -> MediaResource? {
        get { site.state.withLock { $0.resources[path] } }
        set { site.state.withLock { $0.resources[path] = newValue } }
    }

    private static func serve(_ socket: LoopbackSocket, _ site: Site) throws {
        while true {
            let request = try parse(try socket.receiveHead())
            let (resource, fault) = site.state.withLock { state in
                state.requests.append(request)
                return take(request.path, &state)
            }
            guard let resource = resource?.answering?(request) ?? resource else {
                try socket.send("HTTP/1.1 404 Nothing\r\nContent-Length: 0\r\n\r\n")
                continue
            }
            try answer(request, resource, fault, socket)
            if request.headers["connection"] == "close" { return }
            if case .close = resource.framing { return }
            if case .lying = resource.framing { return }
        }
    }

    private enum Fault {
        case breaks(Int), stalls(Int)

        var bytes: Int {
            switch self {
            case .breaks(let bytes), .stalls(let bytes): bytes
            }
        }
    }

    private static func take(_ path: String, _ state: inout State) -> (MediaResource?, Fault?) {
        guard let resource = state.resources[path] else { return (nil, nil) }
        if let bytes = resource.breaks.first {
            state.resources[path]?.breaks.removeFirst()
            return (resource, .breaks(bytes))
        }
        if let bytes = resource.stalls.first {
            state.resources[path]?.stalls.removeFirst()
            return (resource, .stalls(bytes))
        }
        return (resource, nil)
    }

    private static func answer(
        _ request: Request, _ resource: MediaResource, _ fault: Fault?, _ socket: LoopbackSocket
    ) throws {
        var (status, body, fields) = (resource.status, resource.body[...], resource.headers)
        if let tag = resource.tag {
            fields.append("ETag: \(tag)")
            if let start = request.rangeStart, request.headers["if-range"] == tag {
                guard start < body.count else {
                    return try socket.send("HTTP/1.1 416 Beyond\r\nContent-Length: 0\r\n\r\n")
                }
                fields.append("Content-Range: bytes \(start)-\(body.count - 1)/\(body.count)")
                (status, body) = (206, body.dropFirst(start))
            }
        }
        if let type = resource.type { fields.append("Content-Type: \(type)") }
        var isChunked = false
        switch resource.framing {
        case .length where !resource.isEndless: fields.append("Content-Length: \(body.count)")
        case .length, .chunked:
            fields.append("Transfer-Encoding: chunked")
            isChunked = true
        case .lying(let length): fields.append("Content-Length: \(length)")
        case .close: fields.append("Connection: close")
        }
        let first = resource.statusLine ?? "HTTP/1.1 \(status) Simulated"
        try socket.send(([first] + fields + ["", ""]).joined(separator: resource.lineEnd))
        if request.method == "HEAD" { return }
        repeat {
            var left = Array(fault.map { body.prefix($0.bytes) } ?? body)
            while !left.isEmpty {
                let block = Array(left.prefix(64 << 10))
                left.removeFirst(block.count)
                try socket.send(
                    isChunked ? Array("\(String(block.count, radix: 16))\r\n".utf8) + block + [13, 10] : block)
            }
        } while resource.isEndless && fault == nil
        switch fault {
        case .breaks:
            socket.breakOff()
            throw LoopbackSocket.Ended()
        case .stalls:
            // Until the other side has had enough.
            _ = socket.receiveAll()
            throw LoopbackSocket.Ended()
        case nil:
            if isChunked { try socket.send("0\r\n\r\n") }
        }
    }

    private static func parse(_ head: String) throws -> Request {
        let lines = head.split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3 else { throw LoopbackSocket.Ended() }
        let headers = lines.dropFirst().compactMap { line -> (String, String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        return Request(
            method: String(words[0]), target: String(words[1]),
            headers: Dictionary(headers, uniquingKeysWith: { first, _ in first }))
    }
}
