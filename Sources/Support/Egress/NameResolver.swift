import CCurl
import Glibc

/// What turns a host's name into addresses.
///
/// Whoever uses one judges the addresses that came out of it, and connects to those, never to the name again.
package struct NameResolver: Sendable {
    /// In the order in which they are to be tried; empty when there is no such name. May block for many seconds.
    package let addresses: @Sendable (_ name: String) -> [IPAddress]

    package init(addresses: @escaping @Sendable (_ name: String) -> [IPAddress]) {
        self.addresses = addresses
    }

    /// The system's, with its hosts file and its name servers.
    package static let system = NameResolver { name in
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        guard !name.utf8.contains(0), getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [IPAddress] = []
        var next = list
        while let entry = next {
            let bytes = UnsafeRawBufferPointer(start: entry.pointee.ai_addr, count: Int(entry.pointee.ai_addrlen))
            if let address = IPAddress(socketAddress: bytes), !found.contains(address) { found.append(address) }
            next = entry.pointee.ai_next
        }
        return found
    }
}
