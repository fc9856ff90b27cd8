import Egress

/// How many connections a front holds open, and for whom room is kept.
package struct ConnectionLimits: Sendable {
    /// Connections at once.
    package var places: Int
    /// Beside the places: for health checks, and for saying that there is no room. As many again may be closing.
    package var reserve: Int
    /// Peers that speak for many: our proxies and this machine. They have no share of their own.
    package var unshared: [CIDR]
    /// What is answered on a connection that found no place.
    package var health: Set<String> = ["/healthz", "/readyz"]

    package init(places: Int = 4_096, reserve: Int? = nil, proxies: [CIDR] = []) {
        self.places = max(1, places)
        self.reserve = max(1, reserve ?? Self.reserve(for: places))
        unshared = Self.loopback + proxies
    }

    /// One in thirty-two.
    package static func reserve(for places: Int) -> Int { max(8, places / 32) }

    /// Descriptors that all of them may take.
    var descriptors: Int { places + 2 * reserve }

    private static let loopback: [CIDR] = ["127.0.0.0/8", "::1/128"].compactMap { try? CIDR($0) }

    /// The network that a peer's connections count for; nil where they count for none.
    func network(of peer: String?) -> String? {
        guard let address = peer.flatMap({ IPAddress($0) })?.unmapped,
            !unshared.contains(where: { $0.contains(address) })
        else { return nil }
        return ClientAddress(address).network
    }
}
