import Foundation
import JSON

/// `JSONReader`, `JSONObjectReader` and `JSONWriter`.
///
/// What it accepts is JSON by RFC 8259, and Foundation reads it as the same value. What it calls malformed is no JSON. (Foundation also reads what is
/// none, such as `[1,]`.) What was read can be written, and reads as the same again.
struct JSONTarget: FuzzTarget {
    private static let deepest = 128

    let longest = 8_192
    let seeds = [
        #"{"a":1,"b":[true,false,null],"c":{"d":"e\u00e9\ud83d\ude00\n"},"f":-0.5e+10,"":""}"#,
        #"[1,2.0,3e4,-5E-6,0,"x",{"y":[[]]},{}]"#, #" { "name" : "\"\\\/\b\f\n\r\t" } "#, "[[[[[[[[]]]]]]]]",
        #""\udbff\udfff\u0001\u0041""#, #"{"k":"\u2028\u2029\u007f\u0085"}"#, "123456789012345678901234567890.5e-3",
        #"{"iss":"verbatim","sub":"ten_01J","iat":1760000000,"narrowed":true}"#,
    ].map { Array($0.utf8) }
    let dictionary = [
        "\"", "\\u", "\\ud800", "\\udc00", "\\u0000", "\\", "{", "}", "[", "]", ":", ",", "true", "false", "null", "e",
        "E", "+", "-", ".", "0", "\u{FEFF}", "\u{0}", "NaN", "Infinity", "'", "//", "/**/", "\"a\":1", "[]", "{}",
        "\u{2028}", "é", "😀", "\u{7F}", "\u{1F}", " ", "\r\n\t",
    ]

    func check(_ input: [UInt8]) async throws -> String {
        try checkWriting(String(decoding: input, as: UTF8.self))
        let read = Result { () throws(JSONReader.Fault) in
            var reader = try JSONReader(input, deepest: Self.deepest)
            let value = try reader.value()
            try reader.end()
            return value
        }
        try checkMembers(input, read)
        switch read {
        case .failure(.malformed):
            try require(!JSONGrammar.holds(input, deepest: Self.deepest), "JSON is malformed")
            return "malformed"
        case .failure(let fault):
            return "\(fault)"
        case .success(let value):
            let text = String(decoding: input, as: UTF8.self)
            try require(JSONGrammar.holds(input, deepest: Self.deepest), "what is not JSON was read")
            let object: Any
            do {
                object = try JSONSerialization.jsonObject(with: Data(input), options: .fragmentsAllowed)
            } catch {
                throw FuzzFinding("Foundation rejects what was read: \(error)")
            }
            let tree = try Tree(value, levels: Self.deepest)
            try require(tree.matches(object), "Foundation reads another value")
            try require(try Tree(text: tree.written) == tree, "what was written reads otherwise")
            var stored = JSONReader(stored: text)
            try require(try stored.value() == value, "as stored text it reads otherwise")
            return "\(tree.shape.prefix(60))"
        }
    }

    /// An object's members are the same as its value says, each with its text.
    private func checkMembers(_ input: [UInt8], _ read: Result<JSONReader.Value, JSONReader.Fault>) throws {
        let members: [JSONObjectReader.Member]
        do {
            members = try JSONObjectReader.members(of: input, deepest: Self.deepest)
        } catch {
            if case .success(.object) = read { throw FuzzFinding("an object has no members: \(error)") }
            return
        }
        guard case .success(.object) = read else { throw FuzzFinding("members without an object") }
        for member in members {
            var name = try JSONReader(Array(member.nameSource.utf8), deepest: 1)
            try require(try name.string() == member.name, "a name's text is not the name")
            var value = try JSONReader(Array(member.valueSource.utf8), deepest: Self.deepest)
            try require(try value.value() == member.value, "a value's text is not the value")
        }
    }

    private func checkWriting(_ text: String) throws {
        for endsNoLine in [false, true] {
            var writer = JSONWriter(capacity: 64, endsNoLine: endsNoLine)
            writer.string(text)
            if endsNoLine {
                let isPlain = writer.text.unicodeScalars.allSatisfy {
                    $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) && !(0x2028...0x2029).contains($0.value)
                }
                try require(isPlain, "a written string may end a line")
            }
            var reader = JSONReader(stored: writer.text)
            let expected = text.unicodeScalars.map { $0.value == 0 ? "\u{FFFD}" : $0 }
            try require(
                try reader.string().unicodeScalars.elementsEqual(expected),
                "a written string reads otherwise")
        }
    }

    /// A value with all that is in it.
    private indirect enum Tree: Equatable {
        case null
        case flag(Bool)
        case number(String)
        case text(String)
        case list([Tree])
        case object([String: Tree])

        init(_ value: JSONReader.Value, levels: Int) throws {
            switch value {
            case .null: self = .null
            case .flag(let flag): self = .flag(flag)
            case .number(let text): self = .number(text)
            case .string(let text): self = .text(text)
            case .object(let text):
                var members: [String: Tree] = [:]
                for member in try JSONObjectReader.members(of: Array(text.utf8), deepest: levels) {
                    members[member.name] = try Tree(member.value, levels: levels)
                }
                self = .object(members)
            case .array(let text):
                var reader = try JSONReader(Array(text.utf8), deepest: levels)
                var items: [Tree] = []
                guard try reader.open("[") else { throw FuzzFinding("an array does not begin") }
                while !reader.close("]") {
                    if !items.isEmpty, !reader.take(",") { throw FuzzFinding("an array's items have no comma") }
                    items.append(try Tree(try reader.value(), levels: levels))
                }
                self = .list(items)
            }
        }

        init(text: String) throws {
            var reader = try JSONReader(Array(text.utf8), deepest: JSONTarget.deepest)
            try self.init(try reader.value(), levels: JSONTarget.deepest)
        }

        var written: String {
            var writer = JSONWriter(capacity: 256)
            write(to: &writer)
            return writer.text
        }

        private func write(to json: inout JSONWriter) {
            switch self {
            case .null: json.null()
            case .flag(let flag): json.flag(flag)
            case .number(let text): json.raw(text)
            case .text(let text): json.string(text)
            case .list(let items): json.array(items) { $1.write(to: &$0) }
            case .object(let members):
                json.object { json in
                    for (name, value) in members {
                        json.key(escaping: name)
                        value.write(to: &json)
                    }
                }
            }
        }

        /// Whether Foundation's value is this one.
        func matches(_ other: Any) -> Bool {
            switch (self, other) {
            case (.null, is NSNull): true
            case (.text(let text), let other as String): Self.unmarked(text) == Self.unmarked(other)
            case (.list(let items), let others as [Any]):
                items.count == others.count && zip(items, others).allSatisfy { $0.matches($1) }
            // Of members with one name, either may count.
            case (.object(let members), let others as [String: Any]):
                Set(members.keys.map(Self.unmarked)) == Set(others.keys.map(Self.unmarked))
            case (.flag(let flag), let other as Bool): flag == other
            case (.number(let text), let other as NSNumber):
                Double(text).map { isClose($0, other.doubleValue) } ?? false
            default: false
            }
        }

        /// Foundation drops a byte order mark at the start of a string.
        private static func unmarked(_ text: String) -> String {
            String(text.unicodeScalars.drop { $0 == "\u{FEFF}" })
        }

        /// Foundation keeps long integers as decimals, so the last digit may differ.
        private func isClose(_ one: Double, _ other: Double) -> Bool {
            one == other || abs(one - other) <= abs(one) * 1e-14
        }

        /// What the value is made of, without its content.
        var shape: String {
            switch self {
            case .null: "n"
            case .flag: "f"
            case .number(let text): text.contains(".") || text.contains("e") ? "d" : "i"
            case .text(let text): text.utf8.allSatisfy { $0 < 0x80 } ? "s" : "u"
            case .list(let items): "[" + String(items.map(\.shape).joined().prefix(30)) + "]"
            case .object(let members): "{" + String(members.values.map(\.shape).sorted().joined().prefix(30)) + "}"
            }
        }
    }
}
