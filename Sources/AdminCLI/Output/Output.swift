import Foundation
import Tenancy

/// Prints a command's answer: JSON for machines, else text for people. Neither holds what a terminal would obey.
enum Output {
    static func show(_ value: some Encodable, json: Bool, text: @autoclosure () -> String) throws {
        guard json else { return print(text().shownInLines) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(plain(String(decoding: try encoder.encode(value), as: UTF8.self)))
    }

    /// The same JSON: beyond ASCII, where only strings are, what is not to be shown is spelled out.
    private static func plain(_ json: String) -> String {
        json.shown { scalar in
            String(scalar).utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
        }
    }
}
