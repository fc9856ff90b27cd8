import Foundation
import Postgres
import TestSupport
import Testing

/// `verbatim-admin tenant create`, and what an account gets with it.
@Suite struct TenantCreateTests {
    @Test func `a tenant and its key are made, listed and written into the audit log`() async throws {
        try await withTestDatabase(migrations: Checkout.migrations) { database in
            let created = try await Operator.call(
                ["tenant", "create", "--name", "Example Ltd", "--plan", "business", "--json"], url: database.url)
            let tenant = try JSONDecoder().decode([String: String].self, from: Data(created.output.utf8))
            #expect(tenant["name"] == "Example Ltd")
            #expect(tenant["plan"] == "business")
            let id = try #require(tenant["tenant_id"])
            let issued = try await Operator.call(
                ["key", "issue", "--tenant", id, "--name", "production", "--json", "--as", "otto"], url: database.url)
            let key = try #require(try JSONSerialization.jsonObject(with: Data(issued.output.utf8)) as? [String: Any])
            let text = try #require(key["api_key"] as? String)
            #expect(text.hasPrefix("tsk_live_" + (key["key_id"] as? String ?? "-")))
            #expect((key["scopes"] as? [String])?.contains("jobs:write") == true)
            #expect((key["scopes"] as? [String])?.contains("keys:write") == false)
            let listed = try await Operator.call(["key", "list", "--tenant", id], url: database.url)
            #expect(listed.output.contains("production"))
            #expect(!listed.output.contains("tsk_live_"))
            #expect(try await Operator.call(["tenant", "list"], url: database.url).output.contains("Example Ltd"))
            let audit = try await database.pool().query("SELECT operator, action FROM audit_log ORDER BY id").map {
                "\(try $0.decode(String.self, String.self))"
            }
            #expect(audit == [#"("olga", "tenant create")"#, #"("otto", "key issue")"#])
        }
    }

    @Test func `an account is made with its webhook secret, under the right master key alone`() async throws {
        try await withTestDatabase(migrations: Checkout.migrations) { database in
            let (key, wrong) = (String(repeating: "a1", count: 32), String(repeating: "b2", count: 32))
            let create = ["tenant", "create", "--name", "Example", "--plan", "pro", "--json"]
            func secret(_ command: String, of tenant: String) async throws -> String? {
                let result = try await Operator.call(
                    ["webhook-secret", command, "--tenant", tenant, "--json"], url: database.url, masterKey: key)
                return (try? JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])?["secret"]
                    as? String
            }
            func made(_ result: Command.Result) throws -> String {
                let tenant = try JSONDecoder().decode([String: String].self, from: Data(result.output.utf8))
                return try #require(tenant["tenant_id"])
            }
            let first = try await Operator.call(create, url: database.url, masterKey: key)
            #expect(first.errors.isEmpty)
            let tenant = try made(first)
            let shown = try #require(try await secret("show", of: tenant))
            #expect(try await secret("create", of: tenant) == shown)

            // Under another key nothing is made at all.
            let refused = try await Operator.call(create, url: database.url, masterKey: wrong)
            #expect(refused.status == 1 && refused.errors.contains("is not the key it was sealed under"))
            let tenants = try await database.pool().query("SELECT id FROM tenants").count
            #expect(tenants == 1)

            let keyless = try await Operator.call(create, url: database.url)
            #expect(keyless.status == 0 && keyless.errors.contains("webhook-secret create"))
            let later = try made(keyless)
            #expect(try await secret("show", of: later) == nil)
            #expect(try await secret("create", of: later) != nil)

            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let worker = try await Command.run(
                Checkout.executable("verbatim"), ["worker"],
                environment: [
                    "VERBATIM_DATABASE_URL": database.url, "VERBATIM_MASTER_KEY": wrong,
                    "VERBATIM_STORAGE": "file://" + folder.path, "VERBATIM_SCRATCH": folder.path + "/scratch",
                    "VERBATIM_INFERENCE_URL": "http://127.0.0.1:1",
                ])
            #expect(worker.status == 1)
            #expect(worker.errors.contains("VERBATIM_MASTER_KEY is not the key"))
        }
    }
}
