import ArgumentParser
import Tenancy

extension PlainName {
    /// Returns an option's text. Throws an error for the operator, which doesn't repeat what a terminal must not show.
    static func of(_ text: String, option: String, longest: Int) throws -> String {
        do {
            return try PlainName(text, longest: longest).text
        } catch .unfit(let scalar) {
            let code = String(scalar.value, radix: 16, uppercase: true)
            let name = String(repeating: "0", count: max(0, 4 - code.count)) + code
            throw ValidationError(
                "\(option) holds the character U+\(name). Line ends, control characters, invisible ones and those that reverse text are not allowed."
            )
        } catch {
            throw ValidationError("\(option) must have 1 to \(longest) characters.")
        }
    }
}
