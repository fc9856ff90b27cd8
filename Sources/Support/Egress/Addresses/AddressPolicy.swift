import Addresses

// Decides which addresses a customer's URL may lead to. This is the only place of that decision. `EgressTransfer` (libcurl) and
// `ProxyExchange` (yt-dlp) check it when they connect. Addresses that the operator configured are not checked.
//
// The decision depends only on the address of the connection, so no name, redirect, changed DNS answer or odd spelling of an
// address gets around it. An address is refused unless it is known to be globally routable. For an IPv6 address that contains an
// IPv4 address, the IPv4 address counts.

package struct AddressPolicy: Sendable {
    private let allowed: [CIDR]

    /// - Parameter allowed: Blocks that may be reached although they are not public, for development and for operators whose
    ///   customers are in their own network.
    package init(allowed: [CIDR] = []) {
        self.allowed = allowed
    }

    /// - Parameter list: Blocks separated by commas or white space, as in `VERBATIM_EGRESS_ALLOW`; may be empty.
    package init(allowing list: String) throws(CIDRError) {
        self.init(allowed: try CIDR.list(list))
    }

    package func permits(_ address: IPAddress) -> Bool {
        if allowed.contains(where: { $0.contains(address) }) { return true }
        switch address {
        case .v4:
            return !Self.refusedV4.contains { $0.contains(address) }
        case .v6(let number):
            if let inner = Self.embeddedV4(in: address, number) { return permits(.v4(inner)) }
            return Self.globalUnicast.contains(address) && !Self.refusedV6.contains { $0.contains(address) }
        }
    }

    private static func embeddedV4(in address: IPAddress, _ number: UInt128) -> UInt32? {
        if mapped.contains(address) || translated.contains(address) {
            return UInt32(truncatingIfNeeded: number)
        }
        return sixToFour.contains(address) ? UInt32(truncatingIfNeeded: number >> 80) : nil
    }

    private static let mapped = CIDR.v6(0, 0, 0, 0, 0, 0xffff, prefix: 96)
    private static let translated = CIDR.v6(0x64, 0xff9b, prefix: 96)
    private static let sixToFour = CIDR.v6(0x2002, prefix: 16)

    // Outside of this block are ::, ::1, IPv4-compatible, local NAT64, discard, unique local, link-local, site-local and
    // multicast addresses, and blocks that are not allocated yet.
    private static let globalUnicast = CIDR.v6(0x2000, prefix: 3)

    private static let refusedV6: [CIDR] = [
        .v6(0x2001, 0, prefix: 23),  // protocol assignments: Teredo, benchmarking, ORCHID
        .v6(0x2001, 0x0db8, prefix: 32),  // documentation
        .v6(0x3fff, prefix: 20),  // documentation
    ]

    private static let refusedV4: [CIDR] = [
        .v4(0, 0, 0, 0, 8),  // this network
        .v4(10, 0, 0, 0, 8),  // private
        .v4(100, 64, 0, 0, 10),  // carrier-grade NAT, and a cloud's metadata service
        .v4(127, 0, 0, 0, 8),  // loopback
        .v4(168, 63, 129, 16, 32),  // a cloud's host agent, in public space
        .v4(169, 254, 0, 0, 16),  // link-local, and metadata services
        .v4(172, 16, 0, 0, 12),  // private
        .v4(192, 0, 0, 0, 24),  // protocol assignments
        .v4(192, 0, 2, 0, 24),  // documentation
        .v4(192, 88, 99, 0, 24),  // 6to4 relays
        .v4(192, 168, 0, 0, 16),  // private
        .v4(198, 18, 0, 0, 15),  // benchmarking
        .v4(198, 51, 100, 0, 24),  // documentation
        .v4(203, 0, 113, 0, 24),  // documentation
        .v4(224, 0, 0, 0, 4),  // multicast
        .v4(240, 0, 0, 0, 4),  // reserved, broadcast
    ]
}
