import Cryptography
import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct AccessTokenTests {
    private static func principal(of tenants: Tenants) throws -> Principal {
        Principal(tenant: tenants.example, key: try #require(APIKeyID(rawValue: "abcdefghijkl")))
    }

    @Test func `a token is valid for an hour to the second`() async throws {
        try await Tenants.with { tenants in
            let clock = TestClock()
            let tokens = AccessTokens(databases: tenants.databases, masterKey: tenants.masterKey, clock: clock.now)
            let token = try await tokens.issue(for: try Self.principal(of: tenants))
            clock.advance(by: .seconds(3598))
            _ = try await tokens.verify(token)
            clock.advance(by: .seconds(2))
            await #expect(throws: AccessTokenError.expired) { try await tokens.verify(token) }
        }
    }

    @Test func `a token with any character changed is refused`() async throws {
        try await Tenants.with { tenants in
            let tokens = AccessTokens(databases: tenants.databases, masterKey: tenants.masterKey)
            let token = Array(try await tokens.issue(for: try Self.principal(of: tenants)))
            for index in stride(from: 0, to: token.count - 1, by: 3) {
                var changed = token
                changed[index] = token[index] == "A" ? "B" : "A"
                await #expect(throws: AccessTokenError.invalid, "position \(index)") {
                    try await tokens.verify(String(changed))
                }
            }
        }
    }

    @Test func `a token signed by somebody else's key, by none or with our public key as a password is refused`()
        async throws
    {
        try await Tenants.with { tenants in
            let tokens = AccessTokens(databases: tenants.databases, masterKey: tenants.masterKey)
            let parts = try await tokens.issue(for: try Self.principal(of: tenants)).split(separator: ".")
            let kid = try #require(try await tokens.publicKeys().keys.first?.kid)

            let stranger = try P256.PrivateKey()
            let signed = try stranger.signature(of: Array("\(parts[0]).\(parts[1])".utf8))
            await #expect(throws: AccessTokenError.invalid) {
                try await tokens.verify("\(parts[0]).\(parts[1]).\(Self.base64URL(Data(signed)))")
            }
            for algorithm in ["none", "HS256", "RS256"] {
                let header = Self.base64URL(Data(#"{"alg":"\#(algorithm)","typ":"JWT","kid":"\#(kid)"}"#.utf8))
                let mac = HMAC.sha256(Array("\(header).\(parts[1])".utf8), key: SecretKey(Array(kid.utf8)))
                for signature in ["", Self.base64URL(Data(mac)), String(parts[2])] {
                    await #expect(throws: AccessTokenError.invalid, "\(algorithm)") {
                        try await tokens.verify("\(header).\(parts[1]).\(signature)")
                    }
                }
            }
        }
    }

    @Test func `what is no token is refused`() async throws {
        try await Tenants.with { tenants in
            let tokens = AccessTokens(databases: tenants.databases, masterKey: tenants.masterKey)
            for text in ["", ".", "..", "a.b.c", "Bearer x", String(repeating: "a", count: 100_000)] {
                await #expect(throws: AccessTokenError.invalid, "\(text.prefix(10))") { try await tokens.verify(text) }
            }
        }
    }

    @Test func `two nodes that start together make one key and accept each other's tokens`() async throws {
        try await Tenants.with { tenants in
            let principal = try Self.principal(of: tenants)
            let nodes = (0..<4).map { _ in AccessTokens(databases: tenants.databases, masterKey: tenants.masterKey) }
            let issued = try await withThrowingTaskGroup(of: String.self) { group in
                for node in nodes { group.addTask { try await node.issue(for: principal) } }
                return try await group.reduce(into: [String]()) { $0.append($1) }
            }
            for node in nodes {
                #expect(try await node.publicKeys().keys.count == 1)
                for token in issued { #expect(try await node.verify(token) == principal) }
            }
        }
    }

    @Test func `a token verifies with the published key alone`() async throws {
        try await Tenants.with { tenants in
            let tokens = AccessTokens(databases: tenants.databases, masterKey: tenants.masterKey)
            let token = try await tokens.issue(for: try Self.principal(of: tenants))
            let published = String(decoding: try JSONEncoder().encode(try await tokens.publicKeys()), as: UTF8.self)
            #expect(!published.contains("\"d\""))
            let keys = try JSONDecoder().decode([String: [[String: String]]].self, from: Data(published.utf8))
            let key = try #require(keys["keys"]?.first)
            let parts = token.split(separator: ".")
            let header = try JSONDecoder().decode([String: String].self, from: try Self.bytes(parts[0]))
            #expect(header == ["alg": "ES256", "kid": key["kid"], "typ": "at+jwt"])
            #expect([key["kty"], key["crv"], key["alg"], key["use"]] == ["EC", "P-256", "ES256", "sig"])
            let outsider = try P256.PublicKey(Array(try Self.bytes(key["x"] ?? "") + Self.bytes(key["y"] ?? "")))
            #expect(outsider.isValid(Array(try Self.bytes(parts[2])), of: Array("\(parts[0]).\(parts[1])".utf8)))
            let claims = try JSONDecoder().decode(Claims.self, from: try Self.bytes(parts[1]))
            #expect(claims.iss == "verbatim")
            #expect(claims.exp == claims.iat + 3600)
            #expect(claims.sub == tenants.example.rawValue)
        }
    }

    @Test func `the signing key lies sealed in the database`() async throws {
        try await Tenants.with { tenants in
            let tokens = AccessTokens(databases: tenants.databases, masterKey: tenants.masterKey)
            _ = try await tokens.publicKeys()
            let wrong = try #require(MasterKey(hex: String(repeating: "ff", count: 32)))
            await #expect(throws: SealedSecretError.self) {
                try await AccessTokens(databases: tenants.databases, masterKey: wrong).publicKeys()
            }
        }
    }

    private struct Claims: Decodable {
        let iss, sub, key: String
        let iat, exp: Int
    }

    /// Decodes base64url without padding.
    private static func bytes(_ text: some StringProtocol) throws -> Data {
        let base64 = String(text).replacing("-", with: "+").replacing("_", with: "/")
        return try #require(Data(base64Encoded: base64 + String(repeating: "=", count: (4 - base64.count % 4) % 4)))
    }

    private static func base64URL(_ bytes: Data) -> String {
        bytes.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
