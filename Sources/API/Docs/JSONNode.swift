/// A JSON value whose members keep the order in which they were written, which is the order in which to read them.
package enum JSONNode: Sendable, Equatable {
    case object([Member])
    case array([JSONNode])
    case text(String)
    /// As it was written.
    case number(String)
    case flag(Bool)
    case null

    package struct Member: Sendable, Equatable {
        package let key: String
        package let value: JSONNode
    }

    package subscript(key: String) -> JSONNode? { members.first { $0.key == key }?.value }

    /// Returns the same object with another value for that member.
    package func with(_ key: String, _ value: JSONNode) -> JSONNode {
        .object(members.map { $0.key == key ? Member(key: key, value: value) : $0 })
    }

    /// Empty if this is not an object.
    package var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }

    /// Empty if this is not an array.
    package var items: [JSONNode] {
        if case .array(let items) = self { items } else { [] }
    }

    package var string: String? {
        if case .text(let text) = self { text } else { nil }
    }

    package var isTrue: Bool { self == .flag(true) }

    /// Returns what a reference such as `#/components/schemas/Job` points at (RFC 6901); nil if there is nothing.
    package func value(at pointer: String) -> JSONNode? {
        guard pointer.hasPrefix("#/") else { return nil }
        var node: JSONNode? = self
        for part in pointer.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false) {
            node = node?[String(part).replacing("~1", with: "/").replacing("~0", with: "~")]
        }
        return node
    }
}
