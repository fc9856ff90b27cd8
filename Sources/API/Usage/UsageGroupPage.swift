import Billing
import Tenancy

/// Which groups of a month's usage an answer has. Groups are sorted by their values, so a page ends at a value.
struct UsageGroupPage {
    static let limits = 1...1000

    let limit: Int
    /// The last value of the page before.
    let after: String?

    /// Returns this page of `groups`, and the cursor of the next one.
    func cut(_ groups: [UsageGroup]) -> (page: [UsageGroup], nextCursor: String?) {
        let rest = groups.drop { group in
            guard let after, let value = group.value else { return false }
            return !after.utf8.lexicographicallyPrecedes(value.utf8)
        }
        let page = Array(rest.prefix(limit))
        return (page, rest.count > limit ? page.last?.value.map(Self.cursor) : nil)
    }

    /// A value may be empty, but a cursor may not.
    private static func cursor(after value: String) -> String { Base64URL.encode("v\(value)".utf8) }

    /// Nil if `cursor` is not one of ours.
    static func value(ofCursor cursor: String) -> String? {
        guard let bytes = Base64URL.decode(cursor), let text = String(validating: bytes, as: UTF8.self),
            text.hasPrefix("v")
        else { return nil }
        return String(text.dropFirst())
    }
}
