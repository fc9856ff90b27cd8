import Foundation
import Postgres
import TestSupport
import Testing

/// `verbatim-admin webhook-secret …`
@Suite struct WebhookSecretCommandTests {
    @Test func `a deleted account gets no secret and no webhook any more`() async throws {
        try await Operator.with { olga in
            try await olga.tenants.makeSecrets()
            let key = ["VERBATIM_MASTER_KEY": String(repeating: "00", count: 32)]
            _ = try await olga.call("tenant", "delete", olga.example, "--yes")
            for call in [
                ["webhook-secret", "create"], ["webhook-secret", "rotate"], ["webhook", "test"],
                ["webhook", "replay", "--since", "24h"],
            ] {
                let result = try await olga.call(call + ["--tenant", olga.example], key)
                #expect(result.status == 1 && result.errors.contains("was deleted"), "\(call)")
            }
            let left = try await olga.tenants.owner.query("SELECT tenant_id FROM webhook_secrets").map {
                try $0.decode(String.self)
            }
            #expect(left == [olga.other])
        }
    }

    @Test func `without a grace a webhook secret's rotation ends the old one at once, and so it asks`() async throws {
        try await Operator.with { olga in
            try await olga.tenants.makeSecrets()
            let key = ["VERBATIM_MASTER_KEY": String(repeating: "00", count: 32)]
            let rotate = ["webhook-secret", "rotate", "--tenant", olga.example, "--grace", "0s"]
            func shown() async throws -> String {
                try await olga.call(["webhook-secret", "show", "--tenant", olga.example], key).output
            }
            let before = try await shown()
            let nobody = try await olga.call(rotate, key)
            #expect(nobody.status == 1)
            #expect(nobody.errors.contains("--yes") && nobody.output.isEmpty)
            let no = try await olga.callAtTerminal(rotate, typing: "n", key)
            #expect(no.status == 1)
            #expect(no.output.contains("Example") && no.output.contains("nothing was changed"))
            #expect(try await shown() == before)

            let yes = try await olga.callAtTerminal(rotate, typing: "y", key)
            #expect(yes.status == 0, "\(yes.output)")
            let after = try await shown()
            let secret = try #require(after.split(whereSeparator: \.isWhitespace).first)
            #expect(yes.output.contains(secret) && !before.contains(secret))
            #expect(try await olga.call(rotate.dropLast() + ["1s"], key).status == 0)
        }
    }
}
