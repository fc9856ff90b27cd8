/// The members of a customer's metadata, read from its JSON text without changing a digit: numbers stay as they were written.
///
/// PostgreSQL cannot split it, because it refuses some escapes that JSON allows (`\u0000`). The text is an object already: the column checks.
package struct MetadataMembers: Sendable {
    package struct Member: Sendable {
        /// The key with its escapes read.
        package let key: String
        /// The value, where it is a text, a number or a flag.
        package let scalar: ExportCell?
        /// `"key":value` as it was written.
        package let source: String
    }

    package private(set) var members: [Member] = []

    /// Of a text that is no object, as many members as there are before the fault.
    package init(json: String) {
        var scanner = JSONScanner(json)
        guard scanner.take("{") else { return }
        while let key = scanner.string(), scanner.take(":"), let value = scanner.value() {
            members.append(
                Member(key: key.text, scalar: value.scalar, source: "\(key.source):\(value.source)"))
            guard scanner.take(",") else { return }
        }
    }
}
