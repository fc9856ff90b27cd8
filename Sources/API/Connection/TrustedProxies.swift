import Addresses
import Egress
import HTTPTypes
import Hummingbird
import NIOCore

/// The proxies that are trusted to say where a request came from (`VERBATIM_TRUSTED_PROXIES`).
///
/// Each proxy appends its caller's address to `X-Forwarded-For`; what stands before that may be anybody's invention. So the list is read
/// from its end, past our own proxies, to the first address that is not one of them.
package struct TrustedProxies: Sendable {
    /// No proxy is trusted: the peer is the client.
    package static let none = TrustedProxies(blocks: [])

    private let blocks: [CIDR]

    package init(blocks: [CIDR]) { self.blocks = blocks }

    /// - Parameter list: Blocks or single addresses, separated by commas or white space; may be empty.
    package init(_ list: String) throws(CIDRError) {
        self.init(blocks: try CIDR.list(list))
    }

    func client(of request: Request, on channel: any Channel) -> ClientAddress {
        client(peer: channel.remoteAddress?.ipAddress, forwardedFor: request.headers[.xForwardedFor])
    }

    package func client(peer: String?, forwardedFor: String?) -> ClientAddress {
        guard var hop = peer.flatMap({ IPAddress($0) })?.unmapped else { return ClientAddress(nil) }
        var claims = (forwardedFor ?? "").split(separator: ",", omittingEmptySubsequences: false)[...]
        // Our proxies write nothing but addresses. If this is something else, the last address that one of them wrote is the client.
        while isTrusted(hop), let claim = claims.popLast(), let next = Self.address(claim)?.unmapped {
            hop = next
        }
        return ClientAddress(hop)
    }

    private func isTrusted(_ address: IPAddress) -> Bool { blocks.contains { $0.contains(address) } }

    /// `192.0.2.1`, `2001:db8::1`, and both with a port as some proxies write them: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
    private static func address(_ claim: Substring) -> IPAddress? {
        let text = claim.filter { !$0.isWhitespace }
        if let address = IPAddress(text) { return address }
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            return IPAddress(String(text[text.index(after: text.startIndex)..<end]))
        }
        guard let colon = text.firstIndex(of: ":") else { return nil }
        return IPAddress(String(text[..<colon]))
    }
}
