import Foundation

/// Prints a command's answer: JSON for machines, else text for people.
enum Output {
    static func show(_ value: some Encodable, json: Bool, text: @autoclosure () -> String) throws {
        guard json else { return print(text()) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
