import Cryptography
import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// Each token, key and cursor is spelled in one way: what is told apart by its text (a memory, a log, a list of refusals) holds for it.
@Suite struct CompactJWTTests {
    /// The order of the curve P-256.
    private static let order: [UInt8] = [
        0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD,
        0xA7,
        0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
    ]
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

    private static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static func bytes(_ text: some StringProtocol) throws -> [UInt8] {
        var base64 = String(text).replacing("-", with: "+").replacing("_", with: "/")
        base64 += String(repeating: "=", count: (4 - base64.count % 4) % 4)
        return Array(try #require(Data(base64Encoded: base64)))
    }

    /// The other signature that the same key could have made: (r, n - s).
    private static func mirrored(_ signature: [UInt8]) -> [UInt8] {
        var result = Array(signature.prefix(32)) + [UInt8](repeating: 0, count: 32)
        var borrow = 0
        for index in (0..<32).reversed() {
            let digit = Int(order[index]) - Int(signature[32 + index]) - borrow
            borrow = digit < 0 ? 1 : 0
            result[32 + index] = UInt8(truncatingIfNeeded: digit)
        }
        return result
    }

    /// All other ways to write the same bytes that a lenient reader takes.
    private static func otherSpellings(of token: String) -> [String] {
        let parts = token.split(separator: ".").map(String.init)
        var others: [String] = [token + ".", "." + token, token + "\n", " " + token]
        for (index, part) in parts.enumerated() {
            func put(_ part: String) {
                var parts = parts
                parts[index] = part
                others.append(parts.joined(separator: "."))
            }
            for padding in ["=", "==", "==="] { put(part + padding) }
            put(part.replacing("-", with: "+").replacing("_", with: "/"))
            // The bits of the last digit that belong to no byte.
            let spare = [0, 0, 4, 2][part.count % 4]
            if spare > 0, let last = part.last, let value = digits.firstIndex(of: last) {
                for bits in 1..<(1 << spare) { put(part.dropLast() + String(digits[value ^ bits])) }
            }
        }
        return others.filter { $0 != token }
    }

    @Test func `an access token is accepted as it was issued and in no other spelling`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let token = try await scene.logIn(key.text).accessToken
            let principal = try await scene.tokens.verify(token)
            let others = Self.otherSpellings(of: token)
            #expect(others.count > 20)
            for node in [scene.tokens, scene.anotherNode()] {
                for other in others {
                    await #expect(throws: AccessTokenError.invalid, "\(other.debugDescription)") {
                        try await node.verify(other)
                    }
                }
                #expect(try await node.verify(token) == principal)
            }
        }
    }

    @Test func `of the two signatures that a key can make the lower is issued, and the other refused`() async throws {
        try await AuthenticationScene.run { scene in
            let principal = Principal(
                tenant: scene.tenants.example, key: try #require(APIKeyID(rawValue: "abcdefghijkl")))
            for _ in 0..<32 {
                let token = try await scene.tokens.issue(for: principal)
                let parts = token.split(separator: ".")
                let signature = try Self.bytes(parts[2])
                #expect(signature.count == 64)
                // Half the order begins with 7F.
                #expect(signature[32] <= 0x7F)
                #expect(try await scene.tokens.verify(token) == principal)
                let other = "\(parts[0]).\(parts[1]).\(Self.base64URL(Self.mirrored(signature)))"
                await #expect(throws: AccessTokenError.invalid) { try await scene.tokens.verify(other) }
            }
        }
    }

    @Test func `a token of an older node, whose signature may be the higher, holds for its hour`() async throws {
        try await AuthenticationScene.run { scene in
            let tenants = scene.tenants
            let principal = Principal(tenant: tenants.example, key: try #require(APIKeyID(rawValue: "abcdefghijkl")))
            let parts = try await scene.tokens.issue(for: principal).split(separator: ".")
            let (kid, sealed) = try #require(
                try await tenants.owner.query("SELECT kid, private_sealed FROM jwt_keys").map {
                    (try $0.value("kid", String.self), try $0.value("private_sealed", [UInt8].self))
                }.first)
            let pair = try P256.PrivateKey(
                tenants.masterKey.open(sealed, for: "jwt_keys.private_sealed:\(kid)"))
            let header = Self.base64URL(Data(#"{"alg":"ES256","typ":"JWT","kid":"\#(kid)"}"#.utf8))
            let signed = try pair.signature(of: Array("\(header).\(parts[1])".utf8))
            for signature in [signed, Self.mirrored(signed)] {
                let token = "\(header).\(parts[1]).\(Self.base64URL(signature))"
                #expect(try await scene.tokens.verify(token) == principal)
            }
        }
    }

    @Test func `an API key and a refresh token have one spelling`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let session = try await scene.logIn(key.text)
            for other in [
                key.text + " ", " " + key.text, key.text + "\n", key.text.uppercased(), key.text.lowercased(),
                key.text + "=", key.text.replacing("tsk_live_", with: "tsk-live-"),
            ] {
                await #expect(throws: AuthenticationError.invalidAPIKey) { try await scene.logIn(other) }
            }
            for other in [
                session.refreshToken + "=", session.refreshToken + " ", session.refreshToken + "\0",
                session.refreshToken.uppercased(), "rt-" + session.refreshToken.dropFirst(3),
            ] {
                await #expect(throws: AuthenticationError.invalidRefreshToken) {
                    try await scene.authenticator.refresh(other)
                }
            }
            _ = try await scene.authenticator.refresh(session.refreshToken)
        }
    }
}
