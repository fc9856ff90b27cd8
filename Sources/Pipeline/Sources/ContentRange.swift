/// Which part of a file a response contains, as its `Content-Range` header says: `bytes 1000-1999/5000`.
package struct ContentRange: Equatable {
    package let start: Int64
    /// The position of the last byte.
    package let end: Int64
    /// The size of the whole file; nil if the server does not say.
    package let total: Int64?

    /// Nil if the field is not in bytes or contradicts itself.
    package init?(_ field: String?) {
        guard let (part, total) = Self.sides(of: field) else { return nil }
        let ends = part.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let start = Self.number(ends[0]), let end = Self.number(ends[1]), start <= end else {
            return nil
        }
        let count = Self.number(total)
        guard count.map({ $0 > end }) ?? (total == "*") else { return nil }
        (self.start, self.end, self.total) = (start, end, count)
    }

    /// Returns the size of the whole file in the header of a 416 response: `bytes */5000`.
    package static func total(ofUnsatisfied field: String?) -> Int64? {
        guard let (part, total) = sides(of: field), part == "*" else { return nil }
        return number(total)
    }

    private static func sides(of field: String?) -> (Substring, Substring)? {
        guard let field, field.lowercased().hasPrefix("bytes ") else { return nil }
        let sides = field.dropFirst(6).drop { $0 == " " }.split(separator: "/", omittingEmptySubsequences: false)
        return sides.count == 2 ? (sides[0], sides[1]) : nil
    }

    /// Accepts only digits, no signs or spaces.
    private static func number(_ text: Substring) -> Int64? {
        text.utf8.allSatisfy { (48...57).contains($0) } ? Int64(text) : nil
    }
}
