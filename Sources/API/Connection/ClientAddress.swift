import Egress

/// Where a request came from.
package struct ClientAddress: Sendable, Equatable {
    /// The address itself.
    package let host: String
    /// Whoever has it has all of these: the address itself, or an IPv6 address's first 64 bits.
    package let network: String

    /// - Parameter address: nil where there is none (a unix socket); all those are one.
    init(_ address: IPAddress?) {
        host = address?.description ?? "unknown"
        if case .v6(let number) = address {
            network = "\(IPAddress.v6((number >> 64) << 64))/64"
        } else {
            network = host
        }
    }
}

extension IPAddress {
    /// The address as its family writes it: an IPv4 peer of an IPv6 socket (`::ffff:192.0.2.1`) is an IPv4 address.
    var unmapped: IPAddress {
        guard case .v6(let number) = self, number >> 32 == 0xffff else { return self }
        return .v4(UInt32(truncatingIfNeeded: number))
    }
}
