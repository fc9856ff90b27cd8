import Foundation
import Pipeline
import Postgres
import TestSupport
import Testing

/// What endpoints for credentials may send.
@Suite struct CredentialDocumentTests {
    private static let json = Array(
        #"{"Code":"Success","AccessKeyId":"ASIA1","SecretAccessKey":"s/+=","Token":"t+/==","Expiration":"2026-11-23T01:02:03Z"}"#
            .utf8)
    private static let xml = Array(
        """
        <?xml version="1.0"?><AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
        <AssumeRoleWithWebIdentityResult><Credentials><SessionToken>t+/==</SessionToken><SecretAccessKey>s/+=</SecretAccessKey>
        <Expiration>2026-11-23T01:02:03Z</Expiration><AccessKeyId>ASIA1</AccessKeyId></Credentials>
        </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>
        """.utf8)

    /// What is sent with such a key, which must be harmless in a header.
    private static func isSound(_ credentials: S3Credentials) -> Bool {
        let headers = S3Signature.headers(
            "GET", host: "h", path: "/", payload: "", credentials: credentials, region: "r", at: .now())
        return headers.allSatisfy {
            $0.value.utf8.allSatisfy { (0x20...0x7E).contains($0) } && $0.value.utf8.count < 20_000
        }
    }

    @Test func `both kinds of documents are read`() throws {
        for credentials in [
            CredentialDocument.credentials(json: Self.json), CredentialDocument.credentials(xml: Self.xml),
        ] {
            let credentials = try #require(credentials)
            #expect(credentials.expires?.rfc3339 == "2026-11-23T01:02:03.000Z")
            #expect(Self.isSound(credentials))
        }
    }

    @Test func `a long session token is read whole, and one that is too long not at all`() throws {
        for (count, isRead) in [(4096, true), (16_384, true), (16_385, false), (40_000, false)] {
            let token = String(repeating: "x", count: count)
            let json = Array(String(decoding: Self.json, as: UTF8.self).replacing("t+/==", with: token).utf8)
            let xml = Array(String(decoding: Self.xml, as: UTF8.self).replacing("t+/==", with: token).utf8)
            for credentials in [CredentialDocument.credentials(json: json), CredentialDocument.credentials(xml: xml)] {
                #expect((credentials != nil) == isRead)
                guard let credentials else { continue }
                let headers = S3Signature.headers(
                    "GET", host: "h", path: "/", payload: "", credentials: credentials, region: "r", at: .now())
                #expect(headers.contains { $0.value == token })
            }
        }
    }

    @Test(arguments: ["AccessKeyId", "SecretAccessKey", "Token", "Expiration"])
    func `a document without one of its parts, or with an unusable one, is none`(_ name: String) throws {
        let text = String(decoding: Self.json, as: UTF8.self)
        let value = try text.firstMatch(of: Regex("\"\(name)\":\"([^\"]*)\"", as: (Substring, Substring).self))
        let old = value.map { String($0.output.0) } ?? ""
        #expect(!old.isEmpty)
        for new in [
            "\"x\":\"y\"", "\"\(name)\":\"\"", "\"\(name)\":null", "\"\(name)\":7", "\"\(name)\":[\"a\"]",
            "\"\(name)\":\"a\\r\\nHost: b\"", "\"\(name)\":\"a b\"", "\"\(name)\":\"ä\"", "\"\(name)\":\"\\u0000\"",
        ] {
            #expect(CredentialDocument.credentials(json: Array(text.replacing(old, with: new).utf8)) == nil, "\(new)")
        }
        let tag = name == "Token" ? "SessionToken" : name
        let xml = String(decoding: Self.xml, as: UTF8.self)
        for new in ["<\(tag)>a&#13;b</\(tag)>", "<\(tag)></\(tag)>", "<\(tag)>a b</\(tag)>", "<\(tag)>ä</\(tag)>"] {
            let changed = try xml.replacing(Regex("<\(tag)>[^<]*</\(tag)>"), with: new)
            #expect(changed != xml)
            #expect(CredentialDocument.credentials(xml: Array(changed.utf8)) == nil, "\(new)")
        }
    }

    @Test func `a document that breaks off is none`() {
        for end in 0..<Self.json.count {
            #expect(CredentialDocument.credentials(json: Array(Self.json[..<end])) == nil)
        }
        for end in 0..<Self.xml.count { #expect(CredentialDocument.credentials(xml: Array(Self.xml[..<end])) == nil) }
    }

    @Test func `whatever the bytes are, the key can be sent or there is none`() {
        var generator = SeededGenerator(seed: 44)
        var read = 0
        for round in 0..<40_000 {
            var bytes = round % 2 == 0 ? Self.json : Self.xml
            if round % 10 < 2 {
                bytes = generator.bytes(Int(generator.next() % 300))
            } else {
                for _ in 0...(generator.next() % 3) {
                    let place = Int(generator.next() % UInt64(bytes.count))
                    switch generator.next() % 4 {
                    case 0: bytes[place] = UInt8(truncatingIfNeeded: generator.next())
                    case 1: bytes.remove(at: place)
                    case 2: bytes.insert(UInt8(truncatingIfNeeded: generator.next()), at: place)
                    default: bytes.insert(contentsOf: bytes[place...].prefix(20), at: place)
                    }
                }
            }
            for credentials in [
                CredentialDocument.credentials(json: bytes), CredentialDocument.credentials(xml: bytes),
            ] {
                guard let credentials else { continue }
                read += 1
                #expect(Self.isSound(credentials))
            }
        }
        // Changes within a value leave a document that can be read.
        #expect(read > 1000)
    }
}
