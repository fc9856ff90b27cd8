import Cryptography
import Testing

@Suite struct P256Tests {
    /// RFC 6979, appendix A.2.5.
    private static let secret = bytes("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721")
    private static let point = bytes(
        """
        60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6\
        7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299
        """)
    private static let signatureOfSample = bytes(
        """
        EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716\
        F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
        """)
    private static let signatureOfTest = bytes(
        """
        F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367\
        019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083
        """)
    private static let order = bytes("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551")
    private static let sample = Array("sample".utf8)

    /// The number that is one less.
    private static func before(_ number: [UInt8]) -> [UInt8] { Array(number.dropLast()) + [(number.last ?? 0) - 1] }

    @Test func `a private key has the standard's public key, and is given back as it came`() throws {
        let key = try P256.PrivateKey(Self.secret)
        #expect(key.publicKey.bytes == Self.point)
        #expect(try key.bytes == Self.secret)
        #expect(try P256.PublicKey(Self.point).bytes == Self.point)
        // Leading zeros are no less part of it.
        let one = bytes(0, 31) + [1]
        #expect(try P256.PrivateKey(one).bytes == one)
        let greatest = Self.before(Self.order)
        #expect(try P256.PrivateKey(greatest).bytes == greatest)
    }

    @Test func `the standard's signatures verify, each for its own message`() throws {
        let key = try P256.PublicKey(Self.point)
        #expect(key.isValid(Self.signatureOfSample, of: Self.sample))
        #expect(key.isValid(Self.signatureOfTest, of: Array("test".utf8)))
        #expect(!key.isValid(Self.signatureOfSample, of: Array("test".utf8)))
        #expect(!key.isValid(Self.signatureOfTest, of: Self.sample))
    }

    @Test func `what a key signs verifies with its public half alone`() throws {
        for _ in 0..<16 {
            let (key, other) = (try P256.PrivateKey(), try P256.PrivateKey())
            #expect(key.publicKey.bytes != other.publicKey.bytes)
            let again = try P256.PrivateKey(try key.bytes)
            for message in [[], Self.sample, bytes(0xFF, 10_000)] {
                let signature = try again.signature(of: message)
                #expect(signature.count == 64)
                #expect(try P256.PublicKey(key.publicKey.bytes).isValid(signature, of: message))
                #expect(!key.publicKey.isValid(signature, of: message + [0]))
                #expect(!other.publicKey.isValid(signature, of: message))
            }
        }
    }

    @Test func `a signature with any bit changed, of another size or in another form is none`() throws {
        let key = try P256.PublicKey(Self.point)
        for bit in 0..<512 {
            var changed = Self.signatureOfSample
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!key.isValid(changed, of: Self.sample), "bit \(bit)")
        }
        let (r, s) = (Array(Self.signatureOfSample.prefix(32)), Array(Self.signatureOfSample.suffix(32)))
        let der: [UInt8] = [0x30, 0x46, 0x02, 0x21, 0x00] + r + [0x02, 0x21, 0x00] + s
        for signature in [
            [], r, r + s.dropLast(), r + s + [0], [0] + r + s, s + r, r + r, der, bytes(0, 64), bytes(0xFF, 64),
        ] {
            #expect(!key.isValid(signature, of: Self.sample), "\(signature)")
        }
        let (zero, one) = (bytes(0, 32), bytes(0, 31) + [1])
        for number in [zero, one, Self.order, Self.before(Self.order), bytes(0xFF, 32)] {
            for signature in [number + s, r + number, number + number, number + zero, one + number] {
                #expect(!key.isValid(signature, of: Self.sample), "\(signature)")
            }
        }
    }

    @Test func `what is no number below the order is no private key`() {
        let beyond = Array(Self.order.dropLast()) + [0x52]
        for secret in [bytes(0, 32), Self.order, beyond, bytes(0xFF, 32), [], [1], bytes(1, 31), bytes(1, 33)] {
            #expect(throws: CryptographyError.invalidKey, "\(secret)") { try P256.PrivateKey(secret) }
        }
    }

    @Test func `what is no point of the curve is no public key`() {
        var beside = Self.point
        beside[63] ^= 1
        let (x, y) = (Array(Self.point.prefix(32)), Array(Self.point.suffix(32)))
        // The prime p, which is as much as 0.
        let prime = bytes("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF")
        for point in [
            beside, y + x, bytes(0, 64), bytes(0xFF, 64), prime + y, x + prime, [], x, [4] + Self.point,
            Self.point + [0],
        ] {
            #expect(throws: CryptographyError.invalidKey, "\(point)") { try P256.PublicKey(point) }
        }
    }

    @Test func `many tasks use one key at once`() async throws {
        let key = try P256.PrivateKey(Self.secret)
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<64 {
                group.addTask {
                    let message = Array("\(number)".utf8)
                    guard let signature = try? key.signature(of: message) else { return false }
                    return key.publicKey.isValid(signature, of: message)
                }
            }
            for await isValid in group { #expect(isValid) }
        }
    }
}
