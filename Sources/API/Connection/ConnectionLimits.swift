import Addresses
import Egress

/// How many connections a server keeps open, and what room is reserved.
package struct ConnectionLimits: Sendable {
    /// Connections that may be open at a time.
    package var places: Int
    /// Connections besides the places: for health checks, and for telling clients that there is no room. As many again may be closing.
    package var reserve: Int
    /// Peers whose connections are those of many clients: our proxies and this machine. The limit for a network doesn't apply to them.
    package var unshared: [CIDR]
    /// Paths that are answered even on a connection that found no place.
    package var health: Set<String> = ["/healthz", "/readyz"]

    package init(places: Int = 4_096, reserve: Int? = nil, proxies: [CIDR] = []) {
        self.places = max(1, places)
        self.reserve = max(1, reserve ?? Self.reserve(for: places))
        unshared = Self.loopback + proxies
    }

    /// One connection in 32, but at least 8.
    package static func reserve(for places: Int) -> Int { max(8, places / 32) }

    /// File descriptors that all connections may take together.
    var descriptors: Int { places + 2 * reserve }

    private static let loopback: [CIDR] = ["127.0.0.0/8", "::1/128"].compactMap { try? CIDR($0) }

    /// Returns the network for which a peer's connections count; nil if they count for none.
    func network(of peer: String?) -> String? {
        guard let address = peer.flatMap({ IPAddress($0) })?.unmapped,
            !unshared.contains(where: { $0.contains(address) })
        else { return nil }
        return ClientAddress(address).network
    }
}
