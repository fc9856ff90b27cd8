import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing
import WebhookReceiver

/// What receivers make of our signatures: with the Python of docs/webhooks.md, and with the package `standardwebhooks`.
@Suite struct WebhookSignatureTests {
    private struct Case: Encodable {
        let secret: String
        let headers: [String: String]
        let body: Data
    }

    private struct Verdict: Decodable, Equatable {
        let readme, standard: Bool
        static let ours = Verdict(readme: true, standard: true)
        static let forged = Verdict(readme: false, standard: false)
    }

    private static func verify(_ cases: [Case]) async throws -> [Verdict] {
        try await verify(json: String(decoding: try JSONEncoder().encode(cases), as: UTF8.self))
    }

    private static func verify(json: String) async throws -> [Verdict] {
        let readers = Checkout.root + "/Tests/Readers"
        try #require(
            FileManager.default.isExecutableFile(atPath: readers + "/.venv/bin/python"),
            "the readers are missing: run scripts/setup --test")
        let result = try await Command.run(
            readers + "/.venv/bin/python", ["-B", readers + "/verify_webhook.py"], environment: ["PYTHONUTF8": "1"],
            input: json)
        try #require(result.status == 0, "\(result.errors)")
        return try JSONDecoder().decode([Verdict].self, from: Data(result.output.utf8))
    }

    /// The header fields under the names that frameworks give them.
    private static func sent(_ webhook: ReceivedWebhook, signedBy secret: WebhookSecret) -> Case {
        var headers = webhook.headers
        for name in ["X-Transcription-Signature", "X-Transcription-Signature-Next"] {
            headers[name] = headers.removeValue(forKey: name.lowercased())
        }
        return Case(secret: secret.text, headers: headers, body: Data(webhook.body))
    }

    private static func rotate(_ scene: DeliveryScene) async throws -> WebhookSecrets {
        let (tenant, key, now) = (scene.tenants.example, scene.tenants.masterKey, scene.clock.now())
        return try await scene.tenants.owner.transaction {
            try WebhookSecrets.rotate(of: tenant, grace: .seconds(120), masterKey: key, at: now, in: $0)
        }
    }

    /// As a shell would do it.
    private static func digest(_ webhook: ReceivedWebhook, _ secret: WebhookSecret) async throws -> String {
        let result = try await Command.run(
            "openssl", ["dgst", "-sha256", "-hmac", secret.text], input: String(decoding: webhook.body, as: UTF8.self))
        try #require(result.status == 0)
        return String(result.output.split(separator: " ").last ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test func `a retry in the grace and a replay after it carry the same body under the keys of their time`()
        async throws
    {
        let receiver = try WebhookReceiver { _ in .status(500) }
        try await DeliveryScene.run { scene in
            let job = try await scene.end(telling: receiver.url)
            try await scene.deliver()
            let secrets = try await Self.rotate(scene)
            let next = try #require(secrets.next)
            _ = try await scene.tryAgain(job)
            scene.clock.advance(by: .seconds(121))
            #expect(try await scene.replay(job))
            try await scene.deliver()
            let got = receiver.received
            #expect(got.count == 3 && Set(got.map(\.body)).count == 1 && Set(got.map(\.id)).count == 1)
            let (old, new) = (try await Self.digest(got[0], secrets.current), try await Self.digest(got[0], next))
            #expect(got.map { $0.headers["x-transcription-signature"] } == [old, old, new])
            #expect(got.map { $0.headers["x-transcription-signature-next"] } == [nil, new, nil])
        }
    }

    @Test func `receivers verify our signatures, with the old secret and the new one while a rotation lasts`()
        async throws
    {
        let receiver = try WebhookReceiver()
        try await DeliveryScene.run { scene in
            let metadata = #"{"name": "Zoë \u00e9 \"quoted\" 日本"}"#
            let secrets = try await Self.rotate(scene)
            let next = try #require(secrets.next)
            try await scene.end(telling: receiver.url, metadata: metadata)
            try await scene.deliver()
            // At once, as receivers do: the package refuses what is older than five minutes.
            let first = try #require(receiver.received.first)
            let firstVerdicts = try await Self.verify([
                Self.sent(first, signedBy: secrets.current), Self.sent(first, signedBy: next),
            ])
            #expect(firstVerdicts == [.ours, .ours])
            scene.clock.advance(by: .seconds(121))
            try await scene.end(telling: receiver.url, metadata: metadata)
            try await scene.deliver()
            let got = receiver.received
            try #require(got.count == 2)
            var forged = got[1]
            forged.body[forged.body.count - 2] ^= 1
            let verdicts = try await Self.verify([
                Self.sent(got[1], signedBy: next), Self.sent(got[1], signedBy: secrets.current),
                Self.sent(forged, signedBy: next),
            ])
            #expect(verdicts == [.ours, .forged, .forged])

            // Which is which: a receiver that knows the old one alone must find it where it always was.
            let (current, coming) = (
                try await Self.digest(got[0], secrets.current), try await Self.digest(got[0], next)
            )
            #expect(got[0].headers["x-transcription-signature"] == current)
            #expect(got[0].headers["x-transcription-signature-next"] == coming)
            #expect(current != coming)
            let taken = try await Self.digest(got[1], next)
            #expect(got[1].headers["x-transcription-signature"] == taken)
            #expect(got[0].headers["webhook-signature"]?.split(separator: " ").count == 2)
            #expect(got[1].headers["x-transcription-signature-next"] == nil)
            #expect(got[1].headers["webhook-signature"]?.split(separator: " ").count == 1)
        }
    }

    /// What a header field may hold, as frameworks hand it over: surrogates stand for bytes that are no UTF-8.
    private static let hostile = [
        "null", "5", "[]", #"["a", "b"]"#, #""""#, #"" ""#, #""é""#, #""\udcff\ud800""#, #""\u0000""#, #""v1""#,
        #""v1,""#,
        #""v1,é""#, #""v1,a,b""#, #""x y z""#, #""v1,\udcff""#, #""-1""#, #""nan""#, #""1e400""#,
        #""99999999999999999999999999""#,
        "\"" + String(repeating: "9", count: 5_000) + "\"", "\"v1," + String(repeating: "A", count: 100_000) + "\"",
        "\"" + String(repeating: "v1,AAAA ", count: 1_000) + "\"",
    ]

    @Test func `whatever a header holds, the documented verifier refuses it without an exception`() async throws {
        let names = [
            "X-Transcription-Signature", "X-Transcription-Signature-Next", "webhook-id", "webhook-timestamp",
            "webhook-signature",
        ]
        let secret = "whsec_" + Data(repeating: 7, count: 32).base64EncodedString()
        var cases = [#"{"secret":"\#(secret)","headers":{},"body":""}"#]
        for value in Self.hostile {
            let all = names.map { "\"\($0)\":\(value)" }
            for headers in all + [all.joined(separator: ",")] {
                cases.append(#"{"secret":"\#(secret)","headers":{\#(headers)},"body":"/w=="}"#)
            }
        }
        let verdicts = try await Self.verify(json: "[\(cases.joined(separator: ","))]")
        #expect(verdicts == cases.map { _ in .forged })
    }

    @Test func `a good signature counts whatever stands in the other headers`() async throws {
        let secret = "whsec_" + Data(repeating: 7, count: 32).base64EncodedString()
        let signed = try await Command.run("openssl", ["dgst", "-sha256", "-hmac", secret], input: "{}")
        let digest = signed.output.split(separator: " ").last?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
        let (now, next) = ("X-Transcription-Signature", "X-Transcription-Signature-Next")
        // All in one process: each would load the verifiers for as long as they take to judge.
        let cases = Self.hostile.flatMap { value in
            [(now, next), (next, now)].map { good, bad in
                #"{"secret":"\#(secret)","headers":{"\#(good)":"\#(digest)","\#(bad)":\#(value)},"body":"e30="}"#
            }
        }
        let verdicts = try await Self.verify(json: "[\(cases.joined(separator: ","))]")
        #expect(verdicts.map(\.readme) == cases.map { _ in true })
    }

    @Test func `a try has its own time, and the standard's signature is of that time`() async throws {
        let receiver = try WebhookReceiver { _ in .status(500) }
        try await DeliveryScene.run { scene in
            let job = try await scene.end(telling: receiver.url)
            try await scene.deliver()
            receiver.behave { _ in .ok }
            _ = try await scene.tryAgain(job)
            let (first, second) = (receiver.received[0], receiver.received[1])
            #expect(first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"])
            #expect(first.headers["webhook-signature"] != second.headers["webhook-signature"])
            #expect(first.headers["x-transcription-signature"] == second.headers["x-transcription-signature"])
        }
    }
}
