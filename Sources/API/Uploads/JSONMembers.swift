import Foundation

/// The members of a JSON object, each with its value as it was written.
///
/// Other decoders make numbers and spacing their own; what a customer is to get back must stay as it came.
package struct JSONMembers: Sendable {
    /// A value's kind, and its text.
    package enum Value: Sendable, Equatable {
        case null
        case flag(Bool)
        /// As written.
        case number(String)
        /// Without quotes and escapes.
        case string(String)
        /// As written.
        case object(String)
        case array
    }

    package let values: [String: Value]
    /// More than any field may have.
    private static let deepest = 128

    /// - Throws: `APIError` `invalid_request` for what is not one JSON object in UTF-8, or names a member twice.
    package init(_ bytes: [UInt8]) throws {
        do {
            try JSONCheck.requireObject(bytes, deepest: Self.deepest)
        } catch {
            throw APIError(error.fault, field: error.member) ?? Self.malformed
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Self.malformed }
        var scanner = Scanner(rest: text.utf8[...])
        guard let values = try scanner.members() else { throw Self.malformed }
        self.values = values
    }

    fileprivate static let malformed = APIError.invalidRequest("The body is not a JSON object in UTF-8.")

    /// Walks over what is known to be valid.
    private struct Scanner {
        var rest: Substring.UTF8View

        mutating func members() throws -> [String: Value]? {
            var values: [String: Value] = [:]
            skipBlanks()
            guard take("{") else { return nil }
            skipBlanks()
            if take("}") { return atEnd ? values : nil }
            repeat {
                skipBlanks()
                guard let name = string() else { return nil }
                skipBlanks()
                guard take(":") else { return nil }
                skipBlanks()
                guard let value = value() else { return nil }
                guard values.updateValue(value, forKey: name) == nil else {
                    throw APIError.invalidRequest("The field is given more than once.", field: String(name.prefix(64)))
                }
                skipBlanks()
            } while take(",")
            return take("}") && atEnd ? values : nil
        }

        private var atEnd: Bool {
            mutating get {
                skipBlanks()
                return rest.isEmpty
            }
        }

        private mutating func value() -> Value? {
            switch rest.first {
            case UInt8(ascii: "\""): return string().map { .string($0) }
            case UInt8(ascii: "{"): return nested().map { .object($0) }
            case UInt8(ascii: "["): return nested().map { _ in .array }
            default:
                let word = rest.prefix { !Self.isBlank($0) && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "}") }
                rest = rest[word.endIndex...]
                switch String(Substring(word)) {
                case "null": return .null
                case "true": return .flag(true)
                case "false": return .flag(false)
                case let number: return number.isEmpty ? nil : .number(number)
                }
            }
        }

        private mutating func string() -> String? {
            guard let literal = literal() else { return nil }
            return try? JSONDecoder().decode(String.self, from: Data(literal))
        }

        /// A string with its quotes.
        private mutating func literal() -> Substring.UTF8View? {
            guard rest.first == UInt8(ascii: "\"") else { return nil }
            var end = rest.index(after: rest.startIndex)
            while end < rest.endIndex {
                switch rest[end] {
                case UInt8(ascii: "\\"):
                    rest.formIndex(after: &end)
                    guard end < rest.endIndex else { return nil }
                case UInt8(ascii: "\""):
                    let literal = rest[...end]
                    rest = rest[rest.index(after: end)...]
                    return literal
                default: break
                }
                rest.formIndex(after: &end)
            }
            return nil
        }

        /// An object or array, as written.
        private mutating func nested() -> String? {
            let start = rest
            var depth = 0
            while let byte = rest.first {
                switch byte {
                case UInt8(ascii: "\""):
                    guard literal() != nil else { return nil }
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                default: break
                }
                rest.removeFirst()
                if depth == 0 { return String(Substring(start[..<rest.startIndex])) }
            }
            return nil
        }

        private mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard rest.first == UInt8(ascii: character) else { return false }
            rest.removeFirst()
            return true
        }

        private mutating func skipBlanks() { rest = rest.drop(while: Self.isBlank) }

        private static func isBlank(_ byte: UInt8) -> Bool { [9, 10, 13, 32].contains(byte) }
    }
}
