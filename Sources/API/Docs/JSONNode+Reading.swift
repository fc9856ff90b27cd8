import FoundationEssentials

extension JSONNode {
    /// The text is no JSON, or nests deeper than a document of people does.
    package struct Malformed: Error, CustomStringConvertible {
        package let offset: Int
        package var description: String { "no valid JSON at byte \(offset)" }
    }

    package init(parsing bytes: [UInt8]) throws {
        var reader = Reader(bytes: bytes)
        self = try reader.value(depth: 0)
        guard reader.next() == nil else { throw reader.malformed }
    }

    private struct Reader {
        private static let deepest = 100

        let bytes: [UInt8]
        private var position = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        var malformed: Malformed { Malformed(offset: position) }

        /// The next byte that is no white space, without taking it.
        mutating func next() -> UInt8? {
            while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
            return position < bytes.count ? bytes[position] : nil
        }

        private mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard next() == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        mutating func value(depth: Int) throws -> JSONNode {
            guard depth < Self.deepest, let first = next() else { throw malformed }
            switch first {
            case UInt8(ascii: "{"):
                return .object(
                    try list(closedBy: "}") { reader in
                        let key = try reader.string()
                        guard reader.take(":") else { throw reader.malformed }
                        return Member(key: key, value: try reader.value(depth: depth + 1))
                    })
            case UInt8(ascii: "["):
                return .array(try list(closedBy: "]") { try $0.value(depth: depth + 1) })
            case UInt8(ascii: "\""):
                return .text(try string())
            default:
                return try word()
            }
        }

        private mutating func list<Element>(
            closedBy end: Unicode.Scalar, _ element: (inout Reader) throws -> Element
        ) throws -> [Element] {
            position += 1
            if take(end) { return [] }
            var elements = [try element(&self)]
            while !take(end) {
                guard take(",") else { throw malformed }
                elements.append(try element(&self))
            }
            return elements
        }

        private mutating func string() throws -> String {
            guard next() == UInt8(ascii: "\"") else { throw malformed }
            let start = position
            position += 1
            while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
                position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
            }
            guard position < bytes.count else { throw malformed }
            position += 1
            return try fragment(from: start, as: String.self)
        }

        private mutating func word() throws -> JSONNode {
            let start = position
            while position < bytes.count, !" \t\r\n,]}:".utf8.contains(bytes[position]) { position += 1 }
            let word = String(decoding: bytes[start..<position], as: UTF8.self)
            switch word {
            case "true": return .flag(true)
            case "false": return .flag(false)
            case "null": return .null
            default:
                _ = try fragment(from: start, as: Double.self)
                return .number(word)
            }
        }

        /// Escapes and numbers are Foundation's to judge.
        private func fragment<Value: Decodable>(from start: Int, as type: Value.Type) throws -> Value {
            do {
                return try JSONDecoder().decode(type, from: Data(bytes[start..<position]))
            } catch {
                throw Malformed(offset: start)
            }
        }
    }
}
