import Addresses
import Egress

/// Where a request came from.
package struct ClientAddress: Sendable, Equatable {
    /// Nil if there is none (a Unix socket).
    package let address: IPAddress?
    /// The address itself, as text.
    package let host: String
    /// The addresses that one client usually controls: a single IPv4 address, or the first 64 bits of an IPv6 address.
    package let network: String

    /// - Parameter address: nil if there is none (a Unix socket). All such clients count as one.
    init(_ address: IPAddress?) {
        self.address = address
        host = address?.description ?? "unknown"
        if case .v6(let number) = address {
            network = "\(IPAddress.v6((number >> 64) << 64))/64"
        } else {
            network = host
        }
    }
}

extension IPAddress {
    /// The IPv4 address of an IPv4 peer that an IPv6 socket reports as `::ffff:192.0.2.1`. Other addresses are unchanged.
    var unmapped: IPAddress {
        guard case .v6(let number) = self, number >> 32 == 0xffff else { return self }
        return .v4(UInt32(truncatingIfNeeded: number))
    }
}
