import JSON

/// The members of a customer's metadata, read from its JSON text. Numbers keep their notation, digit for digit.
///
/// PostgreSQL cannot split the text, because it rejects some escapes that JSON allows (`\u0000`). A check of the column makes sure that the
/// text is an object.
package struct MetadataMembers: Sendable {
    package struct Member: Sendable {
        /// The key, unescaped.
        package let key: String
        package let value: JSONReader.Value
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
                    key: member.name, value: member.value,
                    source: "\(member.nameSource):\(member.valueSource)"))
        }
    }
}
