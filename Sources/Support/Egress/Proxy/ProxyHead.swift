/// The head of a request to the proxy: its target, and the bytes to send there.
package struct ProxyHead: Equatable {
    package let host: String
    package let port: UInt16
    /// The bytes that are sent to the target first. Empty for a tunnel, where the client sends everything itself.
    package let forwarded: [UInt8]
    package let isTunnel: Bool
    package let authorization: String?

    /// Nil unless this is a request to a proxy.
    ///
    /// - Parameter text: the lines of the head, without the empty line at its end.
    package init?(_ text: String) {
        var lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = lines.removeFirst().split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return nil }
        let fields = lines.compactMap(Self.field)
        guard fields.count == lines.count else { return nil }
        authorization = fields.first { $0.name == "proxy-authorization" }?.value
        isTunnel = words[0] == "CONNECT"
        if isTunnel {
            guard let (host, port) = Self.authority(words[1], defaultPort: nil) else { return nil }
            (self.host, self.port, forwarded) = (host, port, [])
        } else {
            let scheme = "http://"
            guard words[1].lowercased().hasPrefix(scheme) else { return nil }
            let rest = words[1].dropFirst(scheme.count)
            let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            guard let (host, port) = Self.authority(authority, defaultPort: 80) else { return nil }
            (self.host, self.port) = (host, port)
            let path = rest[authority.endIndex...]
            let target = path.hasPrefix("/") ? String(path) : "/" + path
            // One request per connection, because a second one could be for another host, which would not be checked.
            let kept = fields.filter { !["proxy-authorization", "proxy-connection", "connection"].contains($0.name) }
            let head =
                ["\(words[0]) \(target) HTTP/1.1"] + kept.map { "\($0.line)" } + ["Connection: close", "", ""]
            forwarded = Array(head.joined(separator: "\r\n").utf8)
        }
    }

    private static func field(_ line: Substring) -> (name: String, value: String, line: Substring)? {
        guard let colon = line.firstIndex(of: ":"), line.startIndex < colon else { return nil }
        let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        return (line[..<colon].lowercased(), String(value), line)
    }

    /// Parses `host:port` or `[address]:port`, without credentials.
    private static func authority(_ text: Substring, defaultPort: UInt16?) -> (String, UInt16)? {
        var host = text
        var port = defaultPort
        if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
            host = text[..<colon]
            guard let number = UInt16(text[text.index(after: colon)...]) else { return nil }
            port = number
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard let port, port > 0, !host.isEmpty, !host.contains("@"), host.utf8.count <= 255 else { return nil }
        return (String(host), port)
    }
}
