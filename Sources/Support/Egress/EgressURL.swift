import Addresses
import Glibc

// A customer's URL as the client understands it, without connecting or resolving its name.
//
// These checks only make errors early. What counts is the check of the address at each connection.

package struct EgressURL: Sendable, Equatable {
    /// The host as libcurl understands it, without brackets. It may be logged, because it contains nothing else of the URL.
    package let host: String
    package let hasCredentials: Bool
    /// The last part of the path, unescaped; nil if there is none.
    package let lastPathComponent: String?
    /// The address, if the host is one, in any spelling; nil for a name.
    package let literal: IPAddress?

    /// - Throws: `EgressError.badURL`, or `.unsupportedScheme`.
    package init(_ text: String) throws(EgressError) {
        let url = try CurlURL(text)
        host = url.host.hasPrefix("[") ? String(url.host.dropFirst().dropLast()) : url.host
        hasCredentials = url.hasCredentials
        lastPathComponent = url.lastPathComponent
        literal = Self.address(spelledBy: host)
    }

    /// Resolves a reference in a document against the document's URL. Returns the whole URL.
    ///
    /// - Throws: `EgressError.badURL`.
    package static func resolve(_ reference: String, at base: String) throws(EgressError) -> String {
        try CurlURL(base).resolve(reference)
    }

    /// Returns whether the host is an address that the policy refuses. A name is not, except this machine's own names.
    package func isRefused(by policy: AddressPolicy) -> Bool {
        literal.map { !policy.permits($0) } ?? false
    }

    /// Reads decimal, octal, hexadecimal and shortened forms, digits of other scripts, a dot at the end, and this machine's own names.
    private static func address(spelledBy host: String) -> IPAddress? {
        // An IPv6 address may end with `%` and an interface.
        let plain = plain(host).prefix { $0 != "%" }
        var name = String(plain)
        while name.hasSuffix(".") { name.removeLast() }
        if name == "localhost" || name.hasSuffix(".localhost") || name == "ip6-localhost" || name == "ip6-loopback" {
            return .v4(0x7F00_0001)
        }
        var four = in_addr()
        if let address = IPAddress(name) { return address }
        return !name.isEmpty && inet_aton(name, &four) == 1 ? .v4(UInt32(bigEndian: four.s_addr)) : nil
    }

    /// Returns the host in lower case, with variants of ASCII letters, digits and dots replaced, as a resolver does.
    private static func plain(_ host: String) -> String {
        var plain = ""
        for scalar in host.unicodeScalars {
            switch scalar.value {
            case 0...0x7F: plain.unicodeScalars.append(scalar)
            case 0x3002, 0xFF0E, 0xFF61, 0x2024: plain.append(".")
            case 0xFF01...0xFF5E:
                if let narrow = Unicode.Scalar(scalar.value - 0xFEE0) { plain.unicodeScalars.append(narrow) }
            case 0x24B6...0x24CF:
                if let letter = Unicode.Scalar(scalar.value - 0x24B6 + 0x61) { plain.unicodeScalars.append(letter) }
            case 0x24D0...0x24E9:
                if let letter = Unicode.Scalar(scalar.value - 0x24D0 + 0x61) { plain.unicodeScalars.append(letter) }
            default:
                if let value = scalar.properties.numericValue, value >= 0, value < 100, value == value.rounded() {
                    plain += String(Int(value))
                } else {
                    plain.unicodeScalars.append(scalar)
                }
            }
        }
        return plain.lowercased()
    }
}
