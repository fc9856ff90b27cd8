import JSON

extension JSONNode {
    /// The text is not JSON, or is nested deeper than any document that people write.
    package struct Malformed: Error, CustomStringConvertible {
        package let offset: Int
        package var description: String { "not valid JSON at byte \(offset)" }
    }

    private static let deepest = 100

    package init(parsing bytes: [UInt8]) throws(Malformed) {
        guard var reader = try? JSONReader(bytes, deepest: Self.deepest) else { throw Malformed(offset: 0) }
        do {
            self = try Self.read(from: &reader)
            try reader.end()
        } catch {
            throw Malformed(offset: reader.position)
        }
    }

    /// Reads one value. Calls itself for nested ones, as deep as the reader allows.
    private static func read(from reader: inout JSONReader) throws(JSONReader.Fault) -> JSONNode {
        if try reader.open("{") {
            return .object(
                try list(closedBy: "}", from: &reader) { reader throws(JSONReader.Fault) in
                    let key = try reader.string()
                    guard reader.take(":") else { throw .malformed }
                    return Member(key: key, value: try read(from: &reader))
                })
        }
        if try reader.open("[") { return .array(try list(closedBy: "]", from: &reader, read)) }
        switch try reader.scalar() {
        case .string(let text): return .text(text)
        case .number(let number): return .number(number)
        case .flag(let flag): return .flag(flag)
        case .null, .object, .array: return .null
        }
    }

    private static func list<Element>(
        closedBy end: Unicode.Scalar, from reader: inout JSONReader,
        _ element: (inout JSONReader) throws(JSONReader.Fault) -> Element
    ) throws(JSONReader.Fault) -> [Element] {
        if reader.close(end) { return [] }
        var elements = [try element(&reader)]
        while !reader.close(end) {
            guard reader.take(",") else { throw .malformed }
            elements.append(try element(&reader))
        }
        return elements
    }
}
