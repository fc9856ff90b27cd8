import Cryptography
import Testing

@Suite struct AES256GCMTests {
    private static let plain = bytes(
        """
        d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
        1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255
        """)
    private static let encrypted = bytes(
        """
        522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
        8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad
        """)
    private static let key = bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
    private static let nonce = bytes("cafebabefacedbaddecaf888")
    private static let context = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2")

    /// Cases 13 to 16 of the mode's specification, which are NIST's.
    @Test(arguments: [
        (bytes(0, 32), bytes(0, 12), [], [], [], "530f8afbc74536b9a963b4f1c4cb738b"),
        (
            bytes(0, 32), bytes(0, 12), [], bytes(0, 16), bytes("cea7403d4d606b6e074ec5d3baf39d18"),
            "d0d1c8a799996bf0265b98b5d48ab919"
        ),
        (key, nonce, [], plain, encrypted, "b094dac5d93471bdec1a502270e3cc6c"),
        (
            key, nonce, context, Array(plain.prefix(60)), Array(encrypted.prefix(60)),
            "76fc6ece0f4e1768cddf8853bb2d551b"
        ),
    ])
    func `the standard's examples open`(
        key: [UInt8], nonce: [UInt8], context: [UInt8], plain: [UInt8], encrypted: [UInt8], tag: String
    ) throws {
        #expect(
            try AES256GCM.open(nonce + encrypted + bytes(tag), key: SecretKey(key), context: context) == plain)
    }

    @Test(arguments: [0, 1, 15, 16, 17, 32, 1_000, 100_000])
    func `what is sealed opens, and is never sealed the same twice`(size: Int) throws {
        let plain = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        let key = SecretKey(Self.key)
        var sealed: Set<[UInt8]> = []
        for context in [[], Array("jwt_keys.private_sealed:a".utf8)] {
            for _ in 0..<8 {
                let made = try AES256GCM.seal(plain, key: key, context: context)
                #expect(made.count == 12 + size + 16)
                #expect(try AES256GCM.open(made, key: key, context: context) == plain)
                sealed.insert(Array(made.prefix(12)))
            }
        }
        #expect(sealed.count == 16)
    }

    @Test func `what was altered, cut or moved does not open`() throws {
        let key = SecretKey(Self.key)
        let context = Array("here".utf8)
        let sealed = try AES256GCM.seal(Array("secret".utf8), key: key, context: context)
        func expectRefusal(_ sealed: [UInt8], _ key: SecretKey, _ context: [UInt8]) {
            #expect(throws: CryptographyError.notAuthentic) {
                try AES256GCM.open(sealed, key: key, context: context)
            }
        }
        for bit in 0..<sealed.count * 8 {
            var changed = sealed
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            expectRefusal(changed, key, context)
        }
        for count in 0..<sealed.count { expectRefusal(Array(sealed.prefix(count)), key, context) }
        expectRefusal(sealed + [0], key, context)
        expectRefusal([0] + sealed, key, context)
        expectRefusal(bytes(0, 28), key, context)
        expectRefusal(sealed, SecretKey(bytes(0, 32)), context)
        for other in [[], Array("there".utf8), context + [0]] { expectRefusal(sealed, key, other) }
        #expect(try AES256GCM.open(sealed, key: key, context: context) == Array("secret".utf8))
    }

    @Test(arguments: [0, 16, 24, 31, 33, 64])
    func `a key of another size is none`(size: Int) {
        let key = SecretKey(bytes(7, size))
        #expect(throws: CryptographyError.invalidKey) { try AES256GCM.seal([1], key: key) }
        #expect(throws: CryptographyError.invalidKey) { try AES256GCM.open(bytes(0, 64), key: key) }
    }
}
