/// Encodes names and values for S3's URLs: every character except RFC 3986's unreserved ones becomes `%XX`.
package enum S3Encoding {
    private static let digits = Array("0123456789ABCDEF")

    /// Encodes a path. `/` stays as it is.
    package static func path(_ path: String) -> String { encoded(path, keeping: UInt8(ascii: "/")) }

    /// Encodes a query, in the order of the encoded names, as the signature requires.
    package static func query(_ items: [(name: String, value: String)]) -> String {
        items.map { (encoded($0.name), encoded($0.value)) }.sorted { $0 < $1 }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    private static func encoded(_ text: String, keeping kept: UInt8? = nil) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), kept:
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                encoded += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return encoded
    }
}
