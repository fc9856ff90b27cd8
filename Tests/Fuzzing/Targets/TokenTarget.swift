import Cryptography
import JSON
import Postgres
import Tenancy

/// Everything that a caller shows: access tokens, API keys, refresh tokens, ids.
///
/// No text is accepted as an access token but the very tokens that were issued. Claims that are signed, but not as we write them, name no
/// principal by accident. A key is accepted in one spelling only.
struct TokenTarget: FuzzTarget {
    let longest = 4_096
    let seeds: [[UInt8]]
    let dictionary: [String]
    private let ring: SigningKeyRing
    private let issued: Set<String>

    /// The only tokens that were ever issued: signed with the key of this test, once for all runs.
    private static let tokens = [
        """
        eyJhbGciOiJFUzI1NiIsImtpZCI6IkZ1enpGdXp6RnV6ekZ1enoiLCJ0eXAiOiJhdCtqd3QifQ.eyJpc3MiOiJ2ZXJiYXRpbSIsI\
        nN1YiI6InRlbl8wMUpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWiIsImtleSI6ImFiY2RlZmdoaWprbCIsImlhdCI6MTc5MDAwMDAwM\
        CwiZXhwIjoxNzkwMDAzNjAwfQ.oPBC0BhhiRA7Kb46uS_epbgNnTOkFdDDpUiw2xvJ6oZk8wEuydTaaKdyNsJ4QIvMRx5KRkF5Ei\
        GpsQpw4j30vg
        """,
        """
        eyJhbGciOiJFUzI1NiIsImtpZCI6IkZ1enpGdXp6RnV6ekZ1enoiLCJ0eXAiOiJhdCtqd3QifQ.eyJpc3MiOiJ2ZXJiYXRpbSIsI\
        nN1YiI6InRlbl8wMUpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWiIsImtleSI6ImFiY2RlZmdoaWprbCIsInNpZCI6IjAwMTEyMjMzN\
        DQ1NTY2Nzc4ODk5YWFiYmNjZGRlZWZmIiwic2NvcGUiOiJqb2JzOnJlYWQgam9iczp3cml0ZSIsIm5hcnJvd2VkIjp0cnVlLCJtb\
        2RlIjoidGVzdCIsImp0aSI6IngiLCJpYXQiOjE3OTAwMDAwMDAsImV4cCI6MTc5MDAwMzYwMH0.MuexlDa43MHcXN_DT48MGxjQj\
        zQ1NQsiSGA-YN3TsiYHENkKY93hI82whesZa9dYdhNkrzVlZKOO2qvi1EOx5Q
        """,
    ]
    private static let keys = [
        "tsk_live_FuzzFuzzFuzzQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ2PJzte",
        "tsk_test_FuzzFuzzFuzzQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ3v9vHs",
    ]
    private static let kid = "FuzzFuzzFuzzFuzz"
    private static let now = Timestamp(milliseconds: 1_790_000_000_000)

    init() throws {
        guard let masterKey = MasterKey(hex: String(repeating: "0a", count: 32)) else { throw FuzzFinding("no key") }
        let pair = try P256.PrivateKey([UInt8](repeating: 0x42, count: 32))
        let key = try SigningKey(
            kid: Self.kid, sealed: masterKey.seal(pair.bytes, for: SigningKey.sealing.purpose(Self.kid)),
            signsFrom: Self.now, retiredAt: nil, masterKey: masterKey)
        let ring = SigningKeyRing([key])
        // Else no token could be accepted, and none would be a finding.
        for token in Self.tokens where CompactJWT(token).flatMap({ ring.payload(of: $0)?.principal }) == nil {
            throw FuzzFinding("the tokens of this test are not accepted")
        }
        self.ring = ring
        let claims = [
            #"{"iss":"verbatim","sub":"ten_01JZZZZZZZZZZZZZZZZZZZZZZZ","key":"abcdefghijkl","iat":1790000000,"exp":1790003600}"#,
            #"{"iss":"verbatim","sub":"ten_01JZZZZZZZZZZZZZZZZZZZZZZZ","key":"abcdefghijkl","sid":"00112233445566778899aabbccddeeff","scope":"jobs:read jobs:write","narrowed":true,"mode":"test","jti":"x","iat":1790000000,"exp":1790003600}"#,
        ]
        issued = Set(Self.tokens)
        seeds = (Self.tokens + claims + Self.keys + ["rt_" + String(repeating: "a", count: 43)]).map { Array($0.utf8) }
        dictionary =
            [
                ".", "..", "=", "==", "-", "_", "+", "/", " ", "\n", "{\"alg\":\"none\"}", "eyJ", "at+jwt", "JWT",
                "ES256",
                "HS256", "\"alg\"", "\"kid\"", "tsk_live_", "tsk_test_", "rt_", "ten_", "\"iss\":\"verbatim\"",
                "\"sub\":",
                "\"exp\":", "\"iat\":", "\"scope\":\"\"", "\"sid\":null", "\"narrowed\":false", "\"mode\":\"live\"",
                ",", "\"",
            ] + Self.parts(of: Self.tokens) + ["bm9uZQ", Base64URL.encode(#"{"alg":"none","typ":"at+jwt"}"#.utf8)]
    }

    private static func parts(of tokens: [String]) -> [String] {
        tokens.flatMap { $0.split(separator: ".").map(String.init) }
    }

    func check(_ input: [UInt8]) async throws -> String {
        let text = String(decoding: input, as: UTF8.self)
        try checkKeys(text)
        try checkBase64(text)
        return "\(try checkToken(text)) \(try checkClaims(input))"
    }

    private func checkToken(_ text: String) throws -> String {
        guard let token = CompactJWT(text) else { return "none" }
        guard ring.accepts(token.kid, at: Self.now) else { return "other key" }
        guard let payload = ring.payload(of: token), payload.principal != nil else { return "not signed" }
        try require(issued.contains(text), "a token was accepted that was never issued: \(text)")
        return "issued"
    }

    /// The input as the claims of a token that is signed.
    private func checkClaims(_ input: [UInt8]) throws -> String {
        guard let payload = AccessTokenPayload(json: input) else { return "no claims" }
        guard let principal = payload.principal else { return "no principal" }
        var claims: [String: JSONReader.Value] = [:]
        for member in try JSONObjectReader.members(of: input, deepest: 8) { claims[member.name] = member.value }
        try require(claims["iss"] == .string("verbatim"), "claims of another issuer were accepted")
        try require(claims["sub"] == .string(principal.tenant.rawValue), "claims name another account")
        let isTest = claims["mode"] == .string("test")
        try require((principal.mode == .test) == isTest, "claims have another mode")
        try require(principal.isNarrowed == (claims["narrowed"] == .flag(true)), "claims are narrowed otherwise")
        if case .string(let scopes) = claims["scope"] {
            let named = Set(scopes.split(separator: " ").map(String.init))
            try require(principal.scopes.names.allSatisfy(named.contains), "claims give a scope that they don't name")
        }
        let again = AccessTokenPayload(json: payload.json)
        try require(again?.principal == principal, "claims that are written again read otherwise")
        return "claims \(claims.count) \(principal.scopes.count)"
    }

    private func checkKeys(_ text: String) throws {
        if let key = APIKey(text) { try require(key.text == text, "an API key has two spellings") }
        if let token = RefreshToken(text) { try require(token.text == text, "a refresh token has two spellings") }
        if let id = TenantID(rawValue: text) {
            try require(id.rawValue == text && text.utf8.count == 30, "an id has two spellings")
        }
        if let session = SessionID(text) { try require(session.description == text, "a session has two spellings") }
        if let key = MasterKey(hex: text) { _ = try key.seal([], for: "fuzz") }
    }

    private func checkBase64(_ text: String) throws {
        if let bytes = Base64URL.decode(text) {
            try require(Base64URL.encode(bytes) == text, "Base64 has two spellings: \(text)")
        }
        try require(Base64URL.decode(Base64URL.encode(text.utf8)) == Array(text.utf8), "Base64 loses bytes")
    }
}
