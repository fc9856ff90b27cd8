/// The `Content-Disposition` of an answer that is to be saved (RFC 6266).
package enum ContentDisposition {
    /// `name` in both forms: for clients that read UTF-8 (RFC 8187), and with its odd characters replaced for those that do not.
    package static func attachment(name: String) -> String { file(named: name, isShown: false) }

    /// - Parameter isShown: browsers show it, and save it under the name if the reader wants so.
    static func file(named name: String, isShown: Bool) -> String {
        let plain = String(
            name.unicodeScalars.map { scalar in
                scalar.isASCII && scalar.value >= 32 && scalar != "\"" && scalar != "\\" && scalar.value != 127
                    ? Character(scalar) : "_"
            })
        return "\(isShown ? "inline" : "attachment"); filename=\"\(plain)\"; filename*=UTF-8''\(percentEncoded(name))"
    }

    /// A file's name without its ending.
    static func stem(of name: String) -> String {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
        return String(name[..<dot])
    }

    private static func percentEncoded(_ text: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.append(byte)
            default:
                encoded += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
