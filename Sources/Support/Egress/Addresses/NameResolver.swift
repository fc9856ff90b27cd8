import Addresses
import CCurl
import Glibc

/// Resolves a host's name to addresses.
///
/// Callers check the resulting addresses against the policy and connect to those addresses, never to the name again.
package struct NameResolver: Sendable {
    /// Returns the addresses in the order in which to try them; empty if there is no such name. May block for many seconds.
    package let addresses: @Sendable (_ name: String) -> [IPAddress]

    /// Returns whether a name server said that there is no such name. False if no server answered. May block for many seconds.
    package let denies: @Sendable (_ name: String) -> Bool

    package init(
        addresses: @escaping @Sendable (_ name: String) -> [IPAddress],
        denies: @escaping @Sendable (_ name: String) -> Bool = { _ in true }
    ) {
        self.addresses = addresses
        self.denies = denies
    }

    /// The system's resolver, with its hosts file and name servers.
    package static let system = NameResolver(
        addresses: { name in
            var list: UnsafeMutablePointer<addrinfo>?
            guard look(for: name, &list) == 0 else { return [] }
            defer { freeaddrinfo(list) }
            var found: [IPAddress] = []
            var next = list
            while let entry = next {
                let bytes = UnsafeRawBufferPointer(start: entry.pointee.ai_addr, count: Int(entry.pointee.ai_addrlen))
                if let address = IPAddress(socketAddress: bytes), !found.contains(address) { found.append(address) }
                next = entry.pointee.ai_next
            }
            return found
        },
        denies: { name in
            var list: UnsafeMutablePointer<addrinfo>?
            let code = look(for: name, &list)
            if code == 0 { freeaddrinfo(list) }
            // Other codes mean that a name server does not answer, or that something here failed.
            return code == EAI_NONAME || code == noAddress
        })

    /// `EAI_NODATA`, a name without any address. Swift does not import it.
    private static let noAddress: Int32 = -5

    private static func look(for name: String, _ list: inout UnsafeMutablePointer<addrinfo>?) -> Int32 {
        guard !name.utf8.contains(0) else { return EAI_NONAME }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        return getaddrinfo(name, nil, &hints, &list)
    }
}
