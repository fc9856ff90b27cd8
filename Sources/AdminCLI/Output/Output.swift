import Foundation
import Tenancy

/// Prints a command's answer: JSON for programs, else text for people. Neither contains characters that a terminal would obey.
enum Output {
    static func show(_ value: some Encodable, json: Bool, text: @autoclosure () -> String) throws {
        guard json else { return print(text().shownInLines) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(plain(String(decoding: try encoder.encode(value), as: UTF8.self)))
    }

    /// Returns the same JSON, with the characters that must not be shown as escapes. They are all in strings, as everything beyond ASCII.
    private static func plain(_ json: String) -> String {
        json.shown { scalar in
            String(scalar).utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
        }
    }
}
