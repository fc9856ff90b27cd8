// A response, whatever its status. A 500 is a response, not an `EgressError`.

package struct EgressResponse: Sendable {
    package let status: Int
    package let headers: EgressHeaders
    /// The body. Empty for a successful download, which was written to its file descriptor. For an unsuccessful download, the
    /// beginning of the body.
    package let body: [UInt8]
    /// The URL to which redirects led; nil if there were none.
    package let redirectedTo: String?

    package var isSuccess: Bool { (200..<300).contains(status) }
}

/// The header fields of a response, in the order in which they came. Names are case-insensitive.
package struct EgressHeaders: Sendable {
    package private(set) var fields: [(name: String, value: String)] = []

    package init() {}

    /// The value of the first field with that name.
    package subscript(name: String) -> String? {
        let wanted = name.lowercased()
        return fields.first { $0.name.lowercased() == wanted }?.value
    }

    mutating func append(name: String, value: String) {
        fields.append((name, value))
    }

    mutating func removeAll() {
        fields.removeAll()
    }
}
