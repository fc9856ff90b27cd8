import COpenSSL

/// ECDSA on the curve P-256 with SHA-256 (FIPS 186-4). A signature is r and s, 32 bytes each.
package enum P256 {
    /// A private key, which signs.
    // Unchecked because of the C pointer. The library counts references, and a key does not change.
    package final class PrivateKey: @unchecked Sendable {
        private let key: OpaquePointer
        package let publicKey: PublicKey

        /// Generates a key.
        package convenience init() throws(CryptographyError) {
            let context = try CryptographyError.check(
                EVP_PKEY_CTX_new_from_name(nil, "EC", nil), "EVP_PKEY_CTX_new_from_name")
            defer { EVP_PKEY_CTX_free(context) }
            try CryptographyError.check(EVP_PKEY_keygen_init(context), "EVP_PKEY_keygen_init")
            try CryptographyError.check(EVP_PKEY_CTX_set_group_name(context, "P-256"), "EVP_PKEY_CTX_set_group_name")
            var key: OpaquePointer?
            try CryptographyError.check(EVP_PKEY_generate(context, &key), "EVP_PKEY_generate")
            try self.init(owning: CryptographyError.check(key, "EVP_PKEY_generate"))
        }

        /// - Parameter bytes: 32 bytes, big-endian: a number from 1 to the curve's order minus one.
        package convenience init(_ bytes: [UInt8]) throws(CryptographyError) {
            guard bytes.count == 32 else { throw .invalidKey }
            // An ECPrivateKey (RFC 5915) without the public key, which the library computes.
            let der: [UInt8] =
                [0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20] + bytes + [
                    0xA0, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07,
                ]
            let key = der.withUnsafeBufferPointer { der in
                var position = der.baseAddress
                return d2i_PrivateKey(EVP_PKEY_EC, nil, &position, der.count)
            }
            try self.init(owning: CryptographyError.check(key, "d2i_PrivateKey", or: .invalidKey))
        }

        private init(owning key: OpaquePointer) throws(CryptographyError) {
            self.key = key
            do {
                let context = try CryptographyError.check(EVP_PKEY_CTX_new(key, nil), "EVP_PKEY_CTX_new")
                defer { EVP_PKEY_CTX_free(context) }
                try CryptographyError.check(EVP_PKEY_check(context), "EVP_PKEY_check", or: .invalidKey)
                publicKey = try PublicKey(of: key)
            } catch {
                EVP_PKEY_free(key)
                throw error
            }
        }

        deinit { EVP_PKEY_free(key) }

        /// The 32 bytes that ``init(_:)`` takes.
        package var bytes: [UInt8] {
            get throws(CryptographyError) {
                var number: OpaquePointer?
                try CryptographyError.check(
                    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number), "EVP_PKEY_get_bn_param")
                defer { BN_clear_free(number) }
                var bytes = [UInt8](repeating: 0, count: 32)
                guard BN_bn2binpad(number, &bytes, 32) == 32 else { throw .failed(call: "BN_bn2binpad") }
                return bytes
            }
        }

        package func signature(of message: [UInt8]) throws(CryptographyError) -> [UInt8] {
            let context = try CryptographyError.check(EVP_MD_CTX_new(), "EVP_MD_CTX_new")
            defer { EVP_MD_CTX_free(context) }
            try CryptographyError.check(
                EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key), "EVP_DigestSignInit")
            // The longest ECDSA-Sig-Value (RFC 3279) of this curve has 72 bytes.
            var der = [UInt8](repeating: 0, count: 72)
            var count = der.count
            try CryptographyError.check(
                EVP_DigestSign(context, &der, &count, message, message.count), "EVP_DigestSign")
            return try P256.pair(der.prefix(count))
        }
    }

    /// A public key, which verifies.
    // Unchecked because of the C pointer. The library counts references, and a key does not change.
    package final class PublicKey: @unchecked Sendable {
        private let key: OpaquePointer
        /// The coordinates x and y, 32 bytes each.
        package let bytes: [UInt8]

        /// - Parameter bytes: the coordinates x and y of a point of the curve, 32 bytes each.
        package convenience init(_ bytes: [UInt8]) throws(CryptographyError) {
            guard bytes.count == 64 else { throw .invalidKey }
            // A SubjectPublicKeyInfo (RFC 5480) with an uncompressed point.
            let der: [UInt8] =
                [
                    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A,
                    0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
                ] + bytes
            let key = der.withUnsafeBufferPointer { der in
                var position = der.baseAddress
                return d2i_PUBKEY(nil, &position, der.count)
            }
            try self.init(owning: CryptographyError.check(key, "d2i_PUBKEY", or: .invalidKey))
        }

        /// The public key of the key pair `key`.
        fileprivate convenience init(of key: OpaquePointer) throws(CryptographyError) {
            try CryptographyError.check(EVP_PKEY_up_ref(key), "EVP_PKEY_up_ref")
            try self.init(owning: key)
        }

        private init(owning key: OpaquePointer) throws(CryptographyError) {
            self.key = key
            var point = [UInt8](repeating: 0, count: 65)
            var count = 0
            let result = EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, &point, point.count, &count)
            guard result == 1, count == 65, point[0] == 4 else {
                EVP_PKEY_free(key)
                ERR_clear_error()
                throw .invalidKey
            }
            bytes = Array(point.dropFirst())
        }

        deinit { EVP_PKEY_free(key) }

        /// Returns whether the owner of the private key signed `message`; false also if anything fails.
        package func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
            guard let der = P256.der(signature), let context = EVP_MD_CTX_new() else { return false }
            defer { EVP_MD_CTX_free(context) }
            let isValid =
                EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1
                && EVP_DigestVerify(context, der, der.count, message, message.count) == 1
            if !isValid { ERR_clear_error() }
            return isValid
        }
    }

    /// Returns r and s of an ECDSA-Sig-Value.
    private static func pair(_ der: some Collection<UInt8>) throws(CryptographyError) -> [UInt8] {
        let der = Array(der)
        let parsed = der.withUnsafeBufferPointer { der in
            var position = der.baseAddress
            return d2i_ECDSA_SIG(nil, &position, der.count)
        }
        let signature = try CryptographyError.check(parsed, "d2i_ECDSA_SIG")
        defer { ECDSA_SIG_free(signature) }
        var r = [UInt8](repeating: 0, count: 32)
        var s = r
        guard BN_bn2binpad(ECDSA_SIG_get0_r(signature), &r, 32) == 32,
            BN_bn2binpad(ECDSA_SIG_get0_s(signature), &s, 32) == 32
        else { throw .failed(call: "BN_bn2binpad") }
        return r + s
    }

    /// Returns the ECDSA-Sig-Value of r and s. Nil unless they are 64 bytes.
    private static func der(_ pair: [UInt8]) -> [UInt8]? {
        guard pair.count == 64, let signature = ECDSA_SIG_new() else { return nil }
        defer { ECDSA_SIG_free(signature) }
        let (r, s) = (BN_bin2bn(Array(pair.prefix(32)), 32, nil), BN_bin2bn(Array(pair.suffix(32)), 32, nil))
        // After success, the signature owns the numbers.
        guard r != nil, s != nil, ECDSA_SIG_set0(signature, r, s) == 1 else {
            BN_free(r)
            BN_free(s)
            return nil
        }
        var der = [UInt8](repeating: 0, count: 72)
        let count = der.withUnsafeMutableBufferPointer { der in
            var position = der.baseAddress
            return i2d_ECDSA_SIG(signature, &position)
        }
        guard count > 0 else { return nil }
        return Array(der.prefix(Int(count)))
    }
}
