import JSON

/// The members of a customer's metadata, read from its JSON text. Numbers keep their notation, digit for digit.
///
/// PostgreSQL cannot split the text, because it rejects some escapes that JSON allows (`\u0000`). A check of the column makes sure that the
/// text is an object.
package struct MetadataMembers: Sendable {
    package struct Member: Sendable {
        /// The key, unescaped.
        package let key: String
        /// The value, if it is a string, a number or a Boolean.
        package let scalar: ExportCell?
        /// `"key":value` as in the text.
        package let source: String
    }

    package private(set) var members: [Member] = []

    /// Reads the members of a JSON object. In malformed text, the members before the error are read.
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
    /// Nil for an object, an array and null.
    fileprivate init?(_ value: JSONReader.Value) {
        switch value {
        case .string(let text): self = .text(text)
        case .number(let number): self = .number(number)
        case .flag(let flag): self = .flag(flag)
        case .null, .object, .array: return nil
        }
    }
}
