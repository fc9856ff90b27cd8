import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct SigningKeyRotationTests {
    private static func rotate(_ scene: AuthenticationScene, immediately: Bool = false) async throws -> String {
        let (masterKey, now) = (scene.tenants.masterKey, scene.clock.now())
        return try await scene.tenants.owner.transaction {
            try SigningKeyRecord.rotate(immediately: immediately, masterKey: masterKey, at: now, in: $0).kid
        }
    }

    private static func kid(of token: String) throws -> String? {
        var header = try #require(token.split(separator: ".").first).replacing("-", with: "+").replacing("_", with: "/")
        header += String(repeating: "=", count: (4 - header.count % 4) % 4)
        let data = try #require(Data(base64Encoded: String(header)))
        return (try JSONSerialization.jsonObject(with: data) as? [String: Any])?["kid"] as? String
    }

    private static func states(_ scene: AuthenticationScene) async throws -> [SigningKeyRecord.State] {
        let now = scene.clock.now()
        return try await scene.tenants.owner.transaction { try SigningKeyRecord.all(at: now, in: $0).map(\.state) }
    }

    @Test func `a rotation is announced, then signs, then lets the old key go, and nobody is logged out`() async throws
    {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let before = try await scene.logIn(key.text).accessToken
            let oldKid = try #require(try Self.kid(of: before))
            let another = scene.anotherNode()
            _ = try await another.verify(before)

            let newKid = try await Self.rotate(scene)
            try await scene.tokens.reload()
            #expect(try await scene.tokens.publicKeys().keys.map(\.kid) == [newKid, oldKid])
            #expect(try await Self.states(scene) == [.waiting, .signing])
            scene.clock.advance(by: .seconds(359))
            let late = try await scene.logIn(key.text).accessToken
            #expect(try Self.kid(of: late) == oldKid)

            scene.clock.advance(by: .seconds(1))
            let after = try await scene.logIn(key.text).accessToken
            #expect(try Self.kid(of: after) == newKid)
            #expect(try await Self.states(scene) == [.signing, .verifying])
            // The other node has not looked since; the unknown name makes it look.
            for token in [before, late, after] { #expect(try await another.verify(token).key == key.id) }

            // The last token of the old key is good to its last second.
            scene.clock.advance(by: .seconds(3598))
            for node in [scene.tokens, another] { #expect(try await node.verify(late).key == key.id) }
            scene.clock.advance(by: .seconds(302))
            #expect(try await scene.tokens.publicKeys().keys.map(\.kid) == [newKid])
            #expect(try await Self.states(scene) == [.signing, .retired])
        }
    }

    @Test func `a stolen key's tokens are refused at once, those already seen too`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let session = try await scene.logIn(key.text)
            _ = try await scene.tokens.verify(session.accessToken)
            _ = try await Self.rotate(scene)
            let newKid = try await Self.rotate(scene, immediately: true)
            try await scene.tokens.reload()
            await #expect(throws: AccessTokenError.invalid) { try await scene.tokens.verify(session.accessToken) }
            #expect(try await scene.tokens.publicKeys().keys.map(\.kid) == [newKid])
            // The one that waited too: whoever has one may have both.
            #expect(try await Self.states(scene) == [.retired, .signing, .retired])
            let fresh = try await scene.authenticator.refresh(session.refreshToken)
            #expect(try await scene.tokens.verify(fresh.accessToken).key == key.id)
        }
    }

    @Test func `under another master key nothing rotates`() async throws {
        try await AuthenticationScene.run { scene in
            _ = try await scene.tokens.publicKeys()
            let wrong = try #require(MasterKey(hex: String(repeating: "ff", count: 32)))
            let now = scene.clock.now()
            await #expect(throws: SealedSecretError.self) {
                try await scene.tenants.owner.transaction {
                    try SigningKeyRecord.rotate(immediately: true, masterKey: wrong, at: now, in: $0)
                }
            }
            #expect(try await Self.states(scene) == [.signing])
        }
    }

    @Test func `the very first key signs also where its time has not come`() async throws {
        try await AuthenticationScene.run { scene in
            _ = try await Self.rotate(scene)
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let token = try await scene.logIn(key.text).accessToken
            #expect(try await scene.tokens.verify(token).key == key.id)
            #expect(try await scene.tokens.publicKeys().keys.count == 1)
        }
    }

    @Test func `a token is verified once, and again when too many others came between`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let principal = Principal(tenant: scene.tenants.example, key: key.id)
            let token = try await scene.tokens.issue(for: principal)
            let forgetful = scene.anotherNode(remembering: 4)
            for node in [scene.tokens, forgetful] { #expect(try await node.verify(token) == principal) }
            var last = token
            for _ in 0..<8 {
                scene.clock.advance(by: .seconds(1))
                last = try await scene.tokens.issue(for: principal)
                #expect(try await forgetful.verify(last) == principal)
            }

            // By this clock both are from the future: whoever verifies them refuses them, whoever knows them does not look.
            scene.clock.advance(by: .seconds(-600))
            await #expect(throws: AccessTokenError.invalid) { try await scene.anotherNode().verify(token) }
            for _ in 0..<50 { #expect(try await scene.tokens.verify(token) == principal) }
            #expect(try await forgetful.verify(last) == principal)
            await #expect(throws: AccessTokenError.invalid) { try await forgetful.verify(token) }
        }
    }

    @Test func `a forged signature is refused however often it comes`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let token = try await scene.logIn(key.text).accessToken
            _ = try await scene.tokens.verify(token)
            let forged = token.dropLast(10) + "AAAAAAAAAA"
            for _ in 0..<3 {
                await #expect(throws: AccessTokenError.invalid) { try await scene.tokens.verify(String(forged)) }
            }
        }
    }
}
