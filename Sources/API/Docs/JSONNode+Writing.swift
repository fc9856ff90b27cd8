import JSON

extension JSONNode {
    /// As people read it: indented by two spaces, short lists of scalars and empty values on one line.
    package var indented: String {
        var text = ""
        write(to: &text, indent: "")
        return text
    }

    private func write(to text: inout String, indent: String) {
        let inner = indent + "  "
        switch self {
        case .object(let members) where members.isEmpty: text += "{}"
        case .array(let items) where items.allSatisfy(\.isScalar) && items.count <= 8:
            text += "["
            for (index, item) in items.enumerated() {
                if index > 0 { text += ", " }
                item.write(to: &text, indent: "")
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                text += (index > 0 ? ",\n" : "\n") + inner + JSONWriter.quoted(member.key) + ": "
                member.value.write(to: &text, indent: inner)
            }
            text += "\n\(indent)}"
        case .array(let items):
            text += "["
            for (index, item) in items.enumerated() {
                text += (index > 0 ? ",\n" : "\n") + inner
                item.write(to: &text, indent: inner)
            }
            text += "\n\(indent)]"
        case .text(let value): text += JSONWriter.quoted(value)
        case .number(let value): text += value
        case .flag(let value): text += value ? "true" : "false"
        case .null: text += "null"
        }
    }

    package var isScalar: Bool {
        switch self {
        case .object, .array: false
        case .text, .number, .flag, .null: true
        }
    }
}
