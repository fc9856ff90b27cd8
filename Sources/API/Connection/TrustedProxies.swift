import Egress
import HTTPTypes
import Hummingbird
import NIOCore

/// The proxies whose word about a request's origin is believed (`VERBATIM_TRUSTED_PROXIES`).
///
/// Each proxy adds the address of whoever called it to the end of `X-Forwarded-For`; what stands before that is anybody's claim. So the
/// list is read from its end, over the proxies that are ours, up to the first address that is not.
package struct TrustedProxies: Sendable {
    /// Nobody's word is believed: the peer is the client.
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
        // What is no address was not written by a proxy of ours: the last one that was is as far as we know.
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
