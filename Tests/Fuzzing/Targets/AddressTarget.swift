import Addresses
import Egress
import Glibc
import Logging
import Pipeline
import TestSupport

/// Customers' URLs, and the policy about addresses.
///
/// A URL whose host the system reads as an address is accepted only if the policy permits that address, however it is spelled, and the client that
/// would connect refuses it too. The policy permits no address of the blocks that are not public.
struct AddressTarget: FuzzTarget {
    let longest = 3_072
    let seeds: [[UInt8]]
    let dictionary: [String]
    private let policy = AddressPolicy()
    private let egress = EgressClient(logger: .quiet)

    init(hostile: [String]) {
        let good = [
            "https://example.org/a.mp3?x=y#z", "http://203.0.114.7:8080/", "https://[2606:4700::1]:443/a%20b/c.mp3",
            "HTTP://EXAMPLE.ORG", "http://1.1.1.1./", "https://bücher.example/ä", "../b?c", "//other.example/x", "?y",
            "GET http://example.org:80/a HTTP/1.1\r\nHost: example.org\r\nProxy-Authorization: Basic eA==",
            "CONNECT [2606:4700::1]:443 HTTP/1.1\r\nHost: x",
        ]
        seeds = (good + hostile).map { Array($0.utf8) }
        dictionary = [
            "http://", "https://", "HTTP:", "//", "/", "\\", "@", ":", "#", "?", "[", "]", "%", "%00", "%2e", "%25",
            ".", "..",
            "0x", "0177", "127.1", "localhost", ".localhost", "::1", "::ffff:", "64:ff9b::", "2002:", "fe80::1%25lo",
            "①",
            "。", "．", "０", "xn--", "user:pw@", ":80", ":0", ":65536", "\u{AD}", "\u{200B}", "\u{202E}", "ſ", "K", "\t",
            "\r\n", " ", "HTTP/1.1\r\n", "Host: ", "CONNECT ", "1.2.3.4", "169.254.169.254", "10.0.0.1", "0",
        ]
    }

    /// Blocks that are not public, as the registries of special addresses list them. Written apart from the policy's.
    private static let closed = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16",
        "fc00::/7",
        "fe80::/10", "fec0::/10", "ff00::/8",
    ].compactMap { try? CIDR($0) }

    func check(_ input: [UInt8]) async throws -> String {
        let text = String(decoding: input, as: UTF8.self)
        try checkPolicy(input)
        let proxy = try checkProxyHead(text)
        return "\(try await checkURL(text)) \(proxy)"
    }

    private func checkURL(_ text: String) async throws -> String {
        let url: EgressURL
        do throws(EgressError) {
            url = try EgressURL(text)
            _ = try? EgressURL.resolve(text, at: "https://example.org/a/b")
        } catch {
            try require([.badURL, .unsupportedScheme].contains(error), "a URL ends in \(error)")
            return "\(error)"
        }
        let meant = Self.address(meantBy: url.host)
        let isOpen = meant.map { policy.permits($0) } ?? true
        if let meant, !isOpen { try await checkClient(text, meant) }
        let source: SourceURL
        do throws(SourceURLError) {
            source = try SourceURL(text, policy: policy)
        } catch {
            return "\(error) \(meant != nil)"
        }
        try require(source.text == text && !source.host.isEmpty, "a URL was changed")
        try require(isOpen, "\(text) was accepted, and leads to \(meant?.description ?? "")")
        try require(!url.isRefused(by: policy) && !url.hasCredentials, "\(text) was accepted, although it is refused")
        let isASCII = text.utf8.allSatisfy { $0 < 0x80 }
        return "url \(meant == nil ? "name" : "address") \(isASCII) \(url.lastPathComponent == nil)"
    }

    /// The client that connects must refuse the address by itself, whatever was checked before.
    private func checkClient(_ text: String, _ meant: IPAddress) async throws {
        let limits = EgressLimits(total: .seconds(60), connect: .seconds(60), responseBytes: 0)
        do {
            _ = try await egress.send(
                EgressRequest(url: text, limits: limits, trust: .customerSupplied, ownConnection: true))
            throw FuzzFinding("\(text) was connected to")
        } catch let error as EgressError {
            switch error {
            case .refusedAddress, .badURL, .unsupportedScheme: break
            default: throw FuzzFinding("\(text) leads to \(meant), and ends in: \(error)")
            }
        }
    }

    /// The address that the system reads from a host's text without asking any name server; nil for a name.
    private static func address(meantBy host: String) -> IPAddress? {
        var list: UnsafeMutablePointer<addrinfo>?
        var hints = addrinfo()
        (hints.ai_flags, hints.ai_socktype) = (AI_NUMERICHOST, Int32(SOCK_STREAM.rawValue))
        guard !host.utf8.contains(0), getaddrinfo(host, nil, &hints, &list) == 0 else { return nil }
        defer { freeaddrinfo(list) }
        return list.flatMap { entry in
            IPAddress(
                socketAddress: UnsafeRawBufferPointer(
                    start: entry.pointee.ai_addr, count: Int(entry.pointee.ai_addrlen)))
        }
    }

    /// The input's last bytes as a socket's address, and as an address of each family.
    private func checkPolicy(_ input: [UInt8]) throws {
        input.withUnsafeBytes { _ = IPAddress(socketAddress: UnsafeRawBufferPointer(rebasing: $0.suffix(28))) }
        let number = input.suffix(16).reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        let four = UInt32(truncatingIfNeeded: number)
        for address in [
            IPAddress.v4(four), .v6(number), .v6(0xFFFF << 32 | UInt128(four)), .v6(0x64_FF9B << 96 | UInt128(four)),
            .v6(0x2002 << 112 | UInt128(four) << 80),
        ] where policy.permits(address) {
            let isClosed = Self.closed.contains { $0.contains(address) }
            try require(!isClosed, "\(address) is permitted, and not public")
        }
        let inner = policy.permits(.v4(four))
        for outer in [
            0xFFFF << 32 | UInt128(four), 0x64_FF9B << 96 | UInt128(four), 0x2002 << 112 | UInt128(four) << 80,
        ] {
            try require(
                !policy.permits(.v6(outer)) || inner, "\(IPAddress.v6(outer)) is permitted, and what is in it is not")
        }
    }

    /// A request to the proxy that checks addresses for yt-dlp: one target, one head.
    private func checkProxyHead(_ text: String) throws -> String {
        guard let head = ProxyHead(text) else { return "-" }
        try require((1...255).contains(head.host.utf8.count) && head.port > 0, "a proxy's target is \(head.host)")
        try require(!head.host.contains("@") && !head.host.contains(" "), "a proxy's target is \(head.host)")
        guard !head.isTunnel else { return "tunnel" }
        let lines = String(decoding: head.forwarded, as: UTF8.self).split(
            separator: "\r\n", omittingEmptySubsequences: false)
        try require(lines.suffix(2).allSatisfy { $0.isEmpty }, "a forwarded head has no end")
        try require(lines.dropLast(2).allSatisfy { !$0.isEmpty }, "a forwarded head ends early")
        let names = lines.map { $0.prefix { $0 != ":" }.lowercased() }
        try require(!names.contains("proxy-authorization"), "a forwarded head has the proxy's secret")
        return "forward \(min(lines.count, 6))"
    }
}
