import Foundation
import Postgres
import TestSupport
import Testing

/// The operators' command line and the start of a node, through the real executables.
@Suite struct OperatorTests {
    private static func admin(
        _ arguments: [String], url: String?, masterKey: String? = nil
    ) async throws -> Command.Result {
        var environment = url.map { ["VERBATIM_DATABASE_URL": $0, "USER": "olga"] } ?? [:]
        environment["VERBATIM_MASTER_KEY"] = masterKey
        return try await Command.run(Checkout.executable("verbatim-admin"), arguments, environment: environment)
    }

    @Test func `an empty database becomes a working one, and doing it again changes nothing`() async throws {
        try await withTestDatabase { database in
            let before = try await Self.admin(["tenant", "list"], url: database.url)
            #expect(before.status == 1)
            #expect(before.errors.contains("verbatim-admin migrate"))
            let pending = try await Self.admin(["migrate", "--status"], url: database.url)
            #expect(pending.output.contains("0001_tenancy") && pending.output.contains("pending"))
            let first = try await Self.admin(["migrate"], url: database.url)
            #expect(first.status == 0)
            #expect(first.output.contains("0003_jobs"))
            let second = try await Self.admin(["migrate"], url: database.url)
            #expect(second.output == "The schema is current.\n")
            let audit = try await database.pool().query(
                "SELECT operator, action, details->>'applied' FROM audit_log"
            ).map { try $0.decode(String.self, String.self, String.self) }
            #expect(audit.map(\.0) == ["olga"] && audit.map(\.1) == ["migrate"])
            #expect(audit.first?.2.hasPrefix("0001_tenancy, 0002_billing, ") == true)
        }
    }

    @Test func `a database from before 1.0 is left alone, and migrate, doctor and node say what to do`() async throws {
        try await Deployment.with { deployment in
            try await withTestDatabase(migrations: Checkout.migrations) { database in
                try await database.pool().execute(
                    """
                    UPDATE schema_migrations SET checksum = '15bac1eda0ff2e6d15bb3f539a0c773953e69e5dbb93b439fd450fb1ff2d52dc'
                    WHERE number = 1
                    """)
                let node = try await Command.run(
                    Checkout.executable("verbatim"), ["api"],
                    environment: deployment.environment.merging(["VERBATIM_DATABASE_URL": database.url]) { $1 })
                var results = [node]
                for command in [["migrate"], ["migrate", "--status"], ["tenant", "list"]] {
                    results.append(try await Self.admin(command, url: database.url))
                }
                for result in results {
                    #expect(result.status == 1)
                    #expect(
                        result.errors.contains("before 1.0") && result.errors.contains("tenant export"),
                        "\(result.errors)")
                }
                let doctor = try await Self.admin(["doctor"], url: database.url)
                #expect(
                    doctor.output.contains("FAIL   schema") && doctor.output.contains("before 1.0"), "\(doctor.output)")
            }
        }
    }

    @Test func `a tenant and its key are made, listed and written into the audit log`() async throws {
        try await withTestDatabase(migrations: Checkout.migrations) { database in
            let created = try await Self.admin(
                ["tenant", "create", "--name", "Example Ltd", "--plan", "business", "--json"], url: database.url)
            let tenant = try JSONDecoder().decode([String: String].self, from: Data(created.output.utf8))
            #expect(tenant["name"] == "Example Ltd")
            #expect(tenant["plan"] == "business")
            let id = try #require(tenant["tenant_id"])
            let issued = try await Self.admin(
                ["key", "issue", "--tenant", id, "--name", "production", "--json", "--as", "otto"], url: database.url)
            let key = try JSONDecoder().decode([String: String].self, from: Data(issued.output.utf8))
            #expect(key["api_key"]?.hasPrefix("tsk_live_" + (key["key_id"] ?? "-")) == true)
            let listed = try await Self.admin(["key", "list", "--tenant", id], url: database.url)
            #expect(listed.output.contains("production"))
            #expect(!listed.output.contains("tsk_live_"))
            #expect(try await Self.admin(["tenant", "list"], url: database.url).output.contains("Example Ltd"))
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
                let result = try await Self.admin(
                    ["webhook-secret", command, "--tenant", tenant, "--json"], url: database.url, masterKey: key)
                return (try? JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])?["secret"]
                    as? String
            }
            func made(_ result: Command.Result) throws -> String {
                let tenant = try JSONDecoder().decode([String: String].self, from: Data(result.output.utf8))
                return try #require(tenant["tenant_id"])
            }
            let first = try await Self.admin(create, url: database.url, masterKey: key)
            #expect(first.errors.isEmpty)
            let tenant = try made(first)
            let shown = try #require(try await secret("show", of: tenant))
            #expect(try await secret("create", of: tenant) == shown)

            // Under another key nothing is made at all.
            let refused = try await Self.admin(create, url: database.url, masterKey: wrong)
            #expect(refused.status == 1 && refused.errors.contains("is not the key it was sealed under"))
            let tenants = try await database.pool().query("SELECT id FROM tenants").count
            #expect(tenants == 1)

            let keyless = try await Self.admin(create, url: database.url)
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

    private static let wrongCalls: [(arguments: [String], status: Int32)] = [
        (["tenant", "create", "--name", "x"], 64),
        (["tenant", "create", "--name", "x", "--plan", "gold"], 64),
        (["tenant", "create", "--name", "", "--plan", "free"], 64),
        (["nonsense"], 64),
        (["key", "issue", "--tenant", "x", "--name", "y"], 64),
        (["key", "issue", "--tenant", "ten_01M838NEQVMJ0RCZR3A9GJMFEQ", "--name", "y"], 1),
    ]

    @Test(arguments: wrongCalls)
    func `a wrong call says so and ends with its status`(arguments: [String], status: Int32) async throws {
        try await withTestDatabase(migrations: Checkout.migrations) { database in
            let result = try await Self.admin(arguments, url: database.url)
            #expect(result.status == status)
            #expect(!result.errors.isEmpty)
            #expect(result.output.isEmpty)
        }
    }

    @Test func `without a database, commands say what to set or what failed`() async throws {
        let unset = try await Self.admin(["tenant", "list"], url: nil)
        #expect(unset.status == 1)
        #expect(unset.errors.contains("VERBATIM_DATABASE_URL is not set"))
        let gone = try await Self.admin(["tenant", "list"], url: "postgresql://nobody@/none?host=/nowhere")
        #expect(gone.status == 1)
        #expect(!gone.errors.contains("nobody"))
    }

    @Test func `a node with wrong settings tells all faults at once`() async throws {
        let result = try await Command.run(
            Checkout.executable("verbatim"), ["serve"],
            environment: [
                "VERBATIM_LISTEN": "nowhere", "VERBATIM_MASTER_KEY": "hunter2", "VERBATIM_STORAGE": "ftp://x",
            ])
        #expect(result.status == 1)
        for name in ["VERBATIM_DATABASE_URL", "VERBATIM_LISTEN", "VERBATIM_MASTER_KEY", "VERBATIM_STORAGE"] {
            #expect(result.errors.contains(name), "\(name)")
        }
        #expect(!result.errors.contains("hunter2"))
    }

    @Test func `a node does not start on an old schema or a taken port`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let address = node.url.replacing("http://", with: "")
            let taken = try await Command.run(
                Checkout.executable("verbatim"), ["api"],
                environment: deployment.environment.merging(["VERBATIM_LISTEN": address]) { $1 })
            #expect(taken.status == 1)
            #expect(taken.errors.contains("VERBATIM_LISTEN is in use"))

            try await withTestDatabase { empty in
                let old = try await Command.run(
                    Checkout.executable("verbatim"), ["api"],
                    environment: deployment.environment.merging(["VERBATIM_DATABASE_URL": empty.url]) { $1 })
                #expect(old.status == 1)
                #expect(old.errors.contains("verbatim-admin migrate"))
            }
        }
    }
}
