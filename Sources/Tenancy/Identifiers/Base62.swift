/// Text of digits and ASCII letters, which survives a double click, a URL and a shell.
enum Base62 {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// Returns `count` characters from the system's random source, with 5.95 bits each.
    static func random(_ count: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = (0..<count).map { _ in alphabet[Int.random(in: 0..<62, using: &generator)] }
        return String(decoding: digits, as: UTF8.self)
    }

    /// Returns `value` in exactly `width` characters, most significant first.
    static func encode(_ value: UInt32, width: Int) -> String {
        var rest = value
        var digits = [UInt8](repeating: alphabet[0], count: width)
        for index in (0..<width).reversed() {
            digits[index] = alphabet[Int(rest % 62)]
            rest /= 62
        }
        return String(decoding: digits, as: UTF8.self)
    }

    static func isValid(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) }
    }
}
