import Addresses
import Egress
import NIOHTTP1

/// The rules of RFC 9112 that a server must enforce although the parser doesn't.
enum RequestSyntax {
    static func isRight(_ head: HTTPRequestHead) -> Bool {
        hasRightHost(head) && hasRightLength(head) && hasRightCoding(head)
    }

    /// Section 3.2: exactly one `Host`, and a valid one. In HTTP/1.0 it may be missing.
    private static func hasRightHost(_ head: HTTPRequestHead) -> Bool {
        let hosts = values("host", of: head)
        guard let host = hosts.first else { return head.version.isOld }
        return hosts.count == 1 && isHost(host)
    }

    /// Every length must fit into an `Int64`. The parser accepts lengths up to 2^64, which the rest of our code can't count.
    private static func hasRightLength(_ head: HTTPRequestHead) -> Bool {
        values("content-length", of: head).allSatisfy { Int64($0).map { $0 >= 0 } ?? false }
    }

    /// Section 6.1: the only transfer coding that we know is `chunked`, which every server must know. HTTP/1.0 has none.
    private static func hasRightCoding(_ head: HTTPRequestHead) -> Bool {
        let codings = values("transfer-encoding", of: head)
        guard let coding = codings.first else { return true }
        return !head.version.isOld && codings.count == 1 && coding.lowercased() == "chunked"
    }

    /// Returns the value of each field with that name, without the white space around it.
    private static func values(_ name: String, of head: HTTPRequestHead) -> [Substring] {
        head.headers[name].map { value in
            var value = value.drop { $0 == " " || $0 == "\t" }
            while let last = value.last, last == " " || last == "\t" { value.removeLast() }
            return value
        }
    }

    /// `uri-host [":" port]` of RFC 3986. It must not be empty, because the host of an `http` URI never is.
    static func isHost(_ text: Substring) -> Bool {
        let bytes = text.utf8
        if bytes.first == UInt8(ascii: "[") {
            guard let end = text.firstIndex(of: "]") else { return false }
            return isLiteral(text[text.index(after: text.startIndex)..<end]) && isPort(text[text.index(after: end)...])
        }
        let name = text.prefix { $0 != ":" }
        return !name.isEmpty && isName(name, besides: "!$&'()*+,;=") && isPort(text[name.endIndex...])
    }

    /// Whether the text is empty, a colon, or a colon and a port number.
    private static func isPort(_ text: Substring) -> Bool {
        guard text.first == ":" else { return text.isEmpty }
        let digits = text.dropFirst()
        return digits.isEmpty || digits.utf8.allSatisfy { (48...57).contains($0) } && UInt16(digits) != nil
    }

    /// An IPv6 address, with a zone or without (RFC 6874), or an address of a later version.
    private static func isLiteral(_ text: Substring) -> Bool {
        if text.first == "v" || text.first == "V" {
            let sides = text.dropFirst().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            return sides.count == 2 && !sides[0].isEmpty && sides[0].allSatisfy(\.isHexDigit) && !sides[1].isEmpty
                && isName(sides[1], besides: "!$&'()*+,;=:")
        }
        let address = text.prefix { $0 != "%" }
        let zone = text[address.endIndex...]
        guard zone.isEmpty || zone.hasPrefix("%25") && zone.utf8.count > 3 && isName(zone.dropFirst(3), besides: "")
        else { return false }
        guard case .v6 = IPAddress(String(address)) else { return false }
        return true
    }

    /// Whether the text has only unreserved characters, complete percent escapes, and characters of `others`.
    private static func isName(_ text: Substring, besides others: String) -> Bool {
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case 48...57, 65...90, 97...122: continue
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): continue
            case UInt8(ascii: "%"):
                for _ in 0..<2 {
                    guard let digit = rest.popFirst(), Character(Unicode.Scalar(digit)).isHexDigit else { return false }
                }
            default: guard others.utf8.contains(byte) else { return false }
            }
        }
        return true
    }
}

extension HTTPVersion {
    /// HTTP/1.0, which has no chunks and no `100 Continue`, and closes connections unless asked to keep them. The parser accepts nothing
    /// older.
    var isOld: Bool { major == 1 && minor == 0 }
}
