/// One flat JSON object, written in the order its members were set.
///
/// Foundation's encoder would be more library than the whole tool: it starts once per file.
struct JSONObject {
    enum Value {
        case string(String)
        case integer(Int64?)
        case boolean(Bool)
    }

    private var members: [(name: String, value: Value)] = []

    subscript(name: String) -> Value? {
        get { members.last { $0.name == name }?.value }
        set {
            members.removeAll { $0.name == name }
            if let newValue { members.append((name, newValue)) }
        }
    }

    var text: String {
        "{" + members.map { "\(Self.quoted($0.name)):\(Self.text(of: $0.value))" }.joined(separator: ",") + "}"
    }

    private static func text(of value: Value) -> String {
        switch value {
        case .string(let string): quoted(string)
        case .integer(let integer): integer.map(String.init) ?? "null"
        case .boolean(let boolean): boolean ? "true" : "false"
        }
    }

    private static func quoted(_ string: String) -> String {
        var quoted = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
