import CCurl
import Glibc

/// What turns a host's name into addresses.
///
/// Whoever uses one judges the addresses that came out of it, and connects to those, never to the name again.
package struct NameResolver: Sendable {
    /// In the order in which they are to be tried; empty when there is no such name. May block for many seconds.
    package let addresses: @Sendable (_ name: String) -> [IPAddress]

    /// Whether there certainly is no such name, as opposed to nobody having said. May block for many seconds.
    package let denies: @Sendable (_ name: String) -> Bool

    package init(
        addresses: @escaping @Sendable (_ name: String) -> [IPAddress],
        denies: @escaping @Sendable (_ name: String) -> Bool = { _ in true }
    ) {
        self.addresses = addresses
        self.denies = denies
    }

    /// The system's, with its hosts file and its name servers.
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
            // The others say that a name server is away, or something of ours.
            return code == EAI_NONAME || code == noAddress
        })

    /// `EAI_NODATA`, a name without any address, which Swift's import of the headers leaves out.
    private static let noAddress: Int32 = -5

    private static func look(for name: String, _ list: inout UnsafeMutablePointer<addrinfo>?) -> Int32 {
        guard !name.utf8.contains(0) else { return EAI_NONAME }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        return getaddrinfo(name, nil, &hints, &list)
    }
}
