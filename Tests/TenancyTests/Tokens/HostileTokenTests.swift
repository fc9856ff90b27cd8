import Cryptography
import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// Tokens that no node issues, most of them signed with the node's own key: a valid signature does not make a token well formed.
@Suite struct HostileTokenTests {
    /// The node's signing key, with the header and claims of a valid token.
    private struct Forge {
        let kid: String
        let pair: P256.PrivateKey
        let tenant: String
        let now: Int64

        init(_ scene: AuthenticationScene) async throws {
            _ = try await scene.tokens.publicKeys()
            let tenants = scene.tenants
            let (kid, sealed) = try #require(
                try await tenants.owner.query("SELECT kid, private_sealed FROM jwt_keys").map {
                    (try $0.value("kid", String.self), try $0.value("private_sealed", [UInt8].self))
                }.first)
            self.kid = kid
            pair = try P256.PrivateKey(
                tenants.masterKey.open(sealed, for: "jwt_keys.private_sealed:\(kid)"))
            tenant = tenants.example.rawValue
            now = scene.clock.now().milliseconds / 1000
        }

        var header: String { #"{"alg":"ES256","kid":"\#(kid)","typ":"at+jwt"}"# }
        var claims: String { claims(iat: "\(now)", exp: "\(now + 3600)") }

        func claims(iat: String, exp: String, more: String = "") -> String {
            #"{"iss":"verbatim","sub":"\#(tenant)","key":"abcdefghijkl","iat":\#(iat),"exp":\#(exp)\#(more)}"#
        }

        func token(header: String? = nil, claims: String? = nil) throws -> String {
            try token(header: Array((header ?? self.header).utf8), claims: Array((claims ?? self.claims).utf8))
        }

        func token(header: [UInt8], claims: [UInt8]) throws -> String {
            let signed = Base64URL.encode(header) + "." + Base64URL.encode(claims)
            return signed + "." + Base64URL.encode(try ES256Signature(signing: Array(signed.utf8), by: pair).bytes)
        }
    }

    private static func expectInvalid(_ token: String, _ scene: AuthenticationScene, _ words: String) async {
        await #expect(throws: AccessTokenError.invalid, "\(words)") { try await scene.tokens.verify(token) }
    }

    @Test func `well-formed tokens of this suite are accepted`() async throws {
        try await AuthenticationScene.run { scene in
            let forge = try await Forge(scene)
            for token in [
                try forge.token(), try forge.token(claims: forge.claims.replacing(",", with: " ,\n ")),
                try forge.token(
                    claims: forge.claims(
                        iat: "\(forge.now)", exp: "\(forge.now + 60)", more: #","roles":["a",{"b":null}],"aud":"other""#
                    )),
            ] {
                #expect(try await scene.tokens.verify(token).tenant == scene.tenants.example)
            }
            for exp in [0, -1, forge.now, Int64.min] {
                let token = try forge.token(claims: forge.claims(iat: "\(forge.now)", exp: "\(exp)"))
                await #expect(throws: AccessTokenError.expired) { try await scene.tokens.verify(token) }
            }
        }
    }

    @Test func `an unknown header is refused, whoever signed it`() async throws {
        try await AuthenticationScene.run { scene in
            let forge = try await Forge(scene)
            let kid = #""kid":"\#(forge.kid)""#
            for header in [
                "", "{}", "null", "[]", "\"ES256\"", "1", "\u{FEFF}\(forge.header)", forge.header + "x",
                forge.header + forge.header,
                "[\(forge.header)]", String(forge.header.dropLast()),
                #"{"alg":"none",\#(kid),"typ":"at+jwt"}"#, #"{"alg":"None",\#(kid),"typ":"at+jwt"}"#,
                #"{"alg":"HS256",\#(kid),"typ":"at+jwt"}"#, #"{"alg":"ES384",\#(kid),"typ":"at+jwt"}"#,
                #"{"alg":"es256",\#(kid),"typ":"at+jwt"}"#, #"{"alg":"",\#(kid),"typ":"at+jwt"}"#,
                #"{"alg":null,\#(kid),"typ":"at+jwt"}"#, #"{"alg":["ES256"],\#(kid),"typ":"at+jwt"}"#,
                #"{"Alg":"ES256",\#(kid),"typ":"at+jwt"}"#, #"{\#(kid),"typ":"at+jwt"}"#,
                #"{"alg":"ES256","alg":"none",\#(kid),"typ":"at+jwt"}"#,
                #"{"alg":"none","alg":"ES256",\#(kid),"typ":"at+jwt"}"#,
                #"{"alg":"ES256","alg":"ES256",\#(kid),"typ":"at+jwt"}"#,
                #"{"alg":"ES256","\u0061lg":"none",\#(kid),"typ":"at+jwt"}"#,
                #"{"alg":"ES256","typ":"at+jwt"}"#, #"{"alg":"ES256","kid":"","typ":"at+jwt"}"#,
                #"{"alg":"ES256","kid":"0123456789abcdef","typ":"at+jwt"}"#, #"{"alg":"ES256","kid":1,"typ":"at+jwt"}"#,
                #"{"alg":"ES256","kid":"\#(forge.kid) ","typ":"at+jwt"}"#,
                #"{"alg":"ES256",\#(kid),"kid":"0123456789abcdef","typ":"at+jwt"}"#,
                #"{"alg":"ES256","kid":"../../dev/null","typ":"at+jwt"}"#,
                #"{"alg":"ES256","kid":"' OR 1=1 --","typ":"at+jwt"}"#,
                #"{"alg":"ES256",\#(kid)}"#, #"{"alg":"ES256",\#(kid),"typ":null}"#,
                #"{"alg":"ES256",\#(kid),"typ":"JWE"}"#,
                #"{"alg":"ES256",\#(kid),"typ":"jwt"}"#, #"{"alg":"ES256",\#(kid),"typ":"JWT","typ":"at+jwt"}"#,
                #"{"alg":"ES256",\#(kid),"typ":"at+jwt","crit":["exp"]}"#,
                #"{"alg":"ES256",\#(kid),"typ":"at+jwt","b64":false}"#,
                #"{"alg":"ES256",\#(kid),"typ":"at+jwt","jku":"https://example.com/keys"}"#,
                #"{"alg":"ES256",\#(kid),"typ":"at+jwt","jwk":{"kty":"EC"}}"#,
                #"{"alg":"ES256",\#(kid),"typ":"at+jwt","zip":"DEF"}"#,
                #"{"alg":"ES256",\#(kid),"typ":"at+jwt","x5c":[]}"#, #"{"alg":"ES256",\#(kid),"typ":"at+jwt","":""}"#,
            ] {
                await Self.expectInvalid(try forge.token(header: header), scene, header)
            }
            for header in [
                [0xFF], Array(forge.header.utf8) + [0], Array(forge.header.utf16.flatMap { [UInt8($0), 0] }),
            ] as [[UInt8]] {
                await Self.expectInvalid(
                    try forge.token(header: header, claims: Array(forge.claims.utf8)), scene, "\(header)")
            }
        }
    }

    @Test func `malformed claims are refused, whoever signed them`() async throws {
        try await AuthenticationScene.run { scene in
            let forge = try await Forge(scene)
            let (now, later) = ("\(forge.now)", "\(forge.now + 3600)")
            let right = forge.claims
            var wrong = [
                "", "{}", "null", "[]", "\u{FEFF}\(right)", right + "x", right + right, String(right.dropLast()),
                "[\(right)]",
                right.replacing(#""iss":"verbatim","#, with: ""),
                right.replacing(#""iss":"verbatim""#, with: #""iss":"other""#),
                right.replacing(#""iss":"verbatim""#, with: #""iss":["verbatim"]"#),
                right.replacing(#""key":"abcdefghijkl","#, with: ""),
                right.replacing("abcdefghijkl", with: "abcdefghijk/"),
                right.replacing(#""sub":"\#(forge.tenant)","#, with: ""), right.replacing(forge.tenant, with: ""),
                right.replacing(forge.tenant, with: forge.tenant.dropLast() + "'"),
                right.replacing(#","iat":\#(now)"#, with: ""), right.replacing(#","exp":\#(later)"#, with: ""),
                // Parsers differ in which of two equal members they read.
                forge.claims(iat: now, exp: later, more: #","exp":99999999999"#),
                forge.claims(iat: now, exp: later, more: #","\u0065xp":99999999999"#),
                forge.claims(iat: now, exp: later, more: #","sub":"\#(forge.tenant)""#),
                forge.claims(iat: now, exp: later, more: #","other":1,"other":1"#),
                forge.claims(iat: now, exp: later, more: #","scope":null"#),
                forge.claims(iat: now, exp: later, more: #","scope":["jobs:read"]"#),
                forge.claims(iat: now, exp: later, more: #","scope":"jobs:read","scope":"jobs:write""#),
                forge.claims(iat: now, exp: later, more: #","narrowed":"true""#),
                forge.claims(iat: now, exp: later, more: #","narrowed":null"#),
                forge.claims(iat: now, exp: later, more: #","sid":null"#),
                forge.claims(iat: now, exp: later, more: #","sid":7"#),
                forge.claims(iat: now, exp: later, more: #","sid":"no session""#),
                forge.claims(
                    iat: now, exp: later,
                    more: ",\"deep\":\(String(repeating: "[", count: 100))\(String(repeating: "]", count: 100))"),
                // Issued further in the future than nodes' clocks may differ.
                forge.claims(iat: "\(forge.now + 61)", exp: later), forge.claims(iat: "\(Int64.max)", exp: later),
            ]
            for time in [
                "null", "true", #""\#(later)""#, "\(later).0", "\(later).5", "1e10", "1E+10", "1e400", "NaN",
                "Infinity", "-Infinity",
                "0x7FFFFFFF", "9223372036854775808", "-9223372036854775809", String(repeating: "9", count: 400), "01",
                "+1", "1_000", "",
                "[\(later)]", "{}",
            ] {
                wrong.append(forge.claims(iat: now, exp: time))
                wrong.append(forge.claims(iat: time, exp: later))
            }
            for claims in wrong {
                await Self.expectInvalid(try forge.token(claims: claims), scene, claims)
            }
            for claims in [[0xFF], Array(right.utf8) + [0], Array(right.utf16.flatMap { [UInt8($0), 0] })] as [[UInt8]]
            {
                await Self.expectInvalid(
                    try forge.token(header: Array(forge.header.utf8), claims: claims), scene, "\(claims)")
            }
        }
    }

    @Test func `a token with a wrong signature is refused`() async throws {
        try await AuthenticationScene.run { scene in
            let forge = try await Forge(scene)
            let token = try forge.token()
            let parts = token.split(separator: ".").map(String.init)
            let signed = "\(parts[0]).\(parts[1])"
            let raw = try #require(Base64URL.decode(parts[2]))
            let (r, s) = (Array(raw.prefix(32)), Array(raw.suffix(32)))
            let zero = [UInt8](repeating: 0, count: 32)
            let der = [Self.derInteger(r), Self.derInteger(s)].reduce([]) { $0 + $1 }
            let ofAnother = try forge.token(claims: forge.claims(iat: "\(forge.now)", exp: "\(forge.now + 60)"))
            for signature in [
                [0x30, UInt8(der.count)] + der, raw + [0], [0] + raw, Array(raw.dropLast()), raw + raw, r, s + r,
                zero + zero, r + zero,
                zero + s,
                [UInt8](repeating: 0xFF, count: 64),
                try #require(ofAnother.split(separator: ".").last.flatMap(Base64URL.decode)),
                try ES256Signature(signing: Array(signed.utf8), by: P256.PrivateKey()).bytes,
                // Signatures of another part of the token.
                try ES256Signature(signing: Array(token.utf8), by: forge.pair).bytes,
                try ES256Signature(signing: Array(parts[1].utf8), by: forge.pair).bytes,
                try ES256Signature(signing: Array((signed + ".").utf8), by: forge.pair).bytes,
            ] {
                await Self.expectInvalid("\(signed).\(Base64URL.encode(signature))", scene, "\(signature)")
            }
            for text in [
                signed, signed + ".", "\(parts[0])..\(parts[2])", ".\(parts[1]).\(parts[2])", token + "." + parts[2],
                "\(token).\(parts[1]).\(parts[2])", "\(parts[1]).\(parts[0]).\(parts[2])", token + "\0", token + "%00",
                token + "AAAA",
                token.replacing(".", with: "\u{3002}"),
            ] {
                await Self.expectInvalid(text, scene, text)
            }
            #expect(try await scene.tokens.verify(token).tenant == scene.tenants.example)
        }
    }

    /// Encodes an integer of an ECDSA-Sig-Value in DER.
    private static func derInteger(_ number: [UInt8]) -> [UInt8] {
        let digits = Array(number.drop { $0 == 0 })
        let bytes = (digits.first ?? 0) > 0x7F ? [0] + digits : digits
        return [0x02, UInt8(bytes.count)] + bytes
    }

    @Test func `a correctly signed token is refused if it is too long`() async throws {
        try await AuthenticationScene.run { scene in
            let forge = try await Forge(scene)
            func token(padding: Int) throws -> String {
                try forge.token(
                    claims: forge.claims(
                        iat: "\(forge.now)", exp: "\(forge.now + 60)",
                        more: #","x":"\#(String(repeating: "x", count: padding))""#))
            }
            for padding in [2_000, 1_000_000] {
                await Self.expectInvalid(try token(padding: padding), scene, "\(padding)")
            }
            #expect(try await scene.tokens.verify(try token(padding: 1_000)).tenant == scene.tenants.example)
        }
    }

    @Test func `random bytes in every part are refused`() async throws {
        try await AuthenticationScene.run { scene in
            let forge = try await Forge(scene)
            let parts = try forge.token().split(separator: ".").map(String.init)
            var random = SeededGenerator(seed: 7515)
            for _ in 0..<300 {
                let bytes = (0..<Int.random(in: 0...96, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                var changed = parts
                changed[Int.random(in: 0..<3, using: &random)] = Base64URL.encode(bytes)
                let text = changed.joined(separator: ".")
                await Self.expectInvalid(text, scene, text)
            }
        }
    }
}
