import JSON

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
        var object = JSONObjectReader(JSONReader(stored: json))
        while let member = try? object.next() {
            members.append(
                Member(
                    key: member.name, scalar: ExportCell(member.value),
                    source: "\(member.nameSource):\(member.valueSource)"))
        }
    }
}

extension ExportCell {
    /// Nil for what is no scalar, and for null.
    fileprivate init?(_ value: JSONReader.Value) {
        switch value {
        case .string(let text): self = .text(text)
        case .number(let number): self = .number(number)
        case .flag(let flag): self = .flag(flag)
        case .null, .object, .array: return nil
        }
    }
}
