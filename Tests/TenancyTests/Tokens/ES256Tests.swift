import Cryptography
import Tenancy
import Testing

/// ES256, public keys and base64url, with the test vectors of the standards.
@Suite struct ES256Tests {
    /// RFC 7515, appendix A.3.1.
    private static let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
    private static let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
    private static let d = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
    private static let signed =
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    private static let signature =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

    private static func privateKey() throws -> P256.PrivateKey {
        try P256.PrivateKey(try #require(Base64URL.decode(d)))
    }

    private static func publicKey() throws -> P256.PublicKey {
        try P256.PublicKey(
            try #require(Base64URL.decode(x)) + #require(Base64URL.decode(y)))
    }

    @Test func `the example of RFC 7515 verifies with either signature`() throws {
        let signature = try #require(Base64URL.decode(Self.signature).flatMap(ES256Signature.init))
        let message = Array(Self.signed.utf8)
        #expect(signature.isValid(for: message, under: try Self.publicKey()))
        #expect(!signature.isLow)
        #expect(signature.lowered.isLow)
        #expect(signature.lowered != signature)
        #expect(signature.lowered.isValid(for: message, under: try Self.publicKey()))
    }

    @Test func `the examples of RFC 6979 verify`() throws {
        let key = try P256.PublicKey(
            Self.bytes(
                """
                60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6\
                7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299
                """))
        let sample = """
            EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716\
            F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
            """
        let test = """
            F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367\
            019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083
            """
        for (message, digits, other) in [("sample", sample, "test"), ("test", test, "sample")] {
            let signature = try #require(ES256Signature(Self.bytes(digits)))
            #expect(signature.isValid(for: Array(message.utf8), under: key))
            #expect(!signature.isValid(for: Array(other.utf8), under: key))
        }
    }

    @Test func `a signature with a changed bit, or of another message or key, is invalid`() throws {
        let key = try Self.publicKey()
        let message = Array(Self.signed.utf8)
        let signature = try #require(Base64URL.decode(Self.signature))
        for bit in 0..<signature.count * 8 {
            var changed = signature
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(try !#require(ES256Signature(changed)).isValid(for: message, under: key), "bit \(bit)")
        }
        let right = try #require(ES256Signature(signature))
        #expect(!right.isValid(for: message + [0], under: key))
        #expect(!right.isValid(for: [], under: key))
        let stranger = try P256.PrivateKey().publicKey
        #expect(!right.isValid(for: message, under: stranger))
    }

    @Test func `numbers out of range are no signature`() throws {
        let key = try Self.publicKey()
        let zero = [UInt8](repeating: 0, count: 32)
        let one = [UInt8](repeating: 0, count: 31) + [1]
        let most = [UInt8](repeating: 0xFF, count: 32)
        let order = Self.bytes("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551")
        for r in [zero, one, most, order] {
            for s in [zero, one, most, order] {
                let signature = try #require(ES256Signature(r + s))
                #expect(!signature.isValid(for: Array(Self.signed.utf8), under: key))
                #expect(!signature.lowered.isValid(for: Array(Self.signed.utf8), under: key))
            }
        }
        for count in [0, 1, 32, 63, 65, 70, 72, 128] {
            #expect(ES256Signature([UInt8](repeating: 1, count: count)) == nil)
        }
    }

    @Test func `our signatures are valid and have the lower s`() throws {
        for number in 0..<32 {
            let message = Array("message \(number)".utf8)
            let signature = try ES256Signature(signing: message, by: try Self.privateKey())
            #expect(signature.isLow)
            #expect(signature.isValid(for: message, under: try Self.publicKey()))
        }
    }

    @Test func `a public key is written as in RFC 7517`() throws {
        let key = JSONWebKey(try Self.privateKey().publicKey, kid: "1")
        #expect([key.kty, key.crv, key.alg, key.use, key.kid] == ["EC", "P-256", "ES256", "sig", "1"])
        #expect([key.x, key.y] == [Self.x, Self.y])
    }

    /// RFC 4648, section 10, without padding; RFC 7515, appendix C.
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
    ])
    func `base64url is written and read as in the standards`(plain: String, text: String) {
        #expect(Base64URL.encode(Array(plain.utf8)) == text)
        #expect(Base64URL.decode(text) == Array(plain.utf8))
        #expect(Base64URL.encode([3, 236, 255, 224, 193]) == "A-z_4ME")
        #expect(Base64URL.decode("A-z_4ME") == [3, 236, 255, 224, 193])
    }

    @Test(arguments: [
        "=", "Z", "Zg=", "Zg==", "Zh", "Zm9", "Zm9vY", "Zm9vYh", "A+z/4ME", "A-z_4MF", "Zm9v\n", " Zm9v", "Zm 9v",
        "Zm9v\0",
        "Zm9\u{E9}", "Zg\u{FF1D}", "\u{FF21}AAA",
    ])
    func `no other spelling of base64url is read`(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test func `each byte string has one spelling`() {
        let characters = Array("AQZaz09-_+/=. ")
        var texts = [""]
        for _ in 0..<3 { texts += texts.flatMap { text in characters.map { text + String($0) } } }
        for text in Set(texts) {
            if let bytes = Base64URL.decode(text) { #expect(Base64URL.encode(bytes) == text) }
        }
        for first in UInt8.min...UInt8.max {
            for bytes in [[first], [first, 255 - first], [first, 7, 255 - first]] {
                #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
            }
        }
    }

    private static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = hexadecimal.compactMap { $0.hexDigitValue.map(UInt8.init) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
