import ArgumentParser
import Tenancy

extension PlainName {
    /// What an option names. Throws what to tell the operator, without repeating what a terminal must not be shown.
    static func of(_ text: String, option: String, longest: Int) throws -> String {
        do {
            return try PlainName(text, longest: longest).text
        } catch .unfit(let scalar) {
            let code = String(scalar.value, radix: 16, uppercase: true)
            let name = String(repeating: "0", count: max(0, 4 - code.count)) + code
            throw ValidationError(
                "\(option) holds the character U+\(name), which is a line's end, a control character, not seen, or turns text around."
            )
        } catch {
            throw ValidationError("\(option) must have 1 to \(longest) characters.")
        }
    }
}
