import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct TenantCommandTests {
    @Test func `an account shows its plan, keys, limits, use and open jobs, and no other's`() async throws {
        try await Operator.with { olga in
            _ = try await olga.tenants.issueKey(for: olga.tenants.example)
            let gone = try await olga.tenants.issueKey(for: olga.tenants.example)
            _ = try await olga.tenants.issueKey(for: olga.tenants.other)
            _ = try await olga.call("key", "revoke", gone.id.rawValue, "--yes")
            try await JobScene.insert(.queued, of: olga.tenants.example, into: olga.tenants)
            try await JobScene.insert(.processing, of: olga.tenants.example, into: olga.tenants)
            try await JobScene.insert(.processing, of: olga.tenants.example, into: olga.tenants)
            try await JobScene.insert(.queued, of: olga.tenants.other, into: olga.tenants)

            let tenant = try await olga.object("tenant", "show", olga.example)
            #expect(tenant["tenant_id"] as? String == olga.example)
            #expect(tenant["name"] as? String == "Example")
            #expect(tenant["plan"] as? String == "pro")
            #expect(tenant["status"] as? String == "active")
            #expect(tenant["keys_active"] as? Int == 1)
            #expect(tenant["keys_total"] as? Int == 2)
            #expect(tenant["jobs_queued"] as? Int == 1)
            #expect(tenant["jobs_processing"] as? Int == 2)
            let quota = try #require(tenant["quota"] as? [String: Any])
            #expect(quota["monthly_minutes"] as? Int == 1200)
            let text = try await olga.call("tenant", "show", olga.example).output
            #expect(text.contains("1 active of 2") && text.contains("1 waiting, 2 running"))
        }
    }

    @Test func `another plan changes the limits and is written down once`() async throws {
        try await Operator.with { olga in
            let changed = try await olga.object("tenant", "set-plan", olga.example, "--plan", "business")
            #expect(changed["plan"] as? String == "business")
            #expect(try await olga.object("quota", "show", "--tenant", olga.example)["concurrency"] as? Int == 50)
            #expect(try await olga.object("quota", "show", "--tenant", olga.other)["concurrency"] as? Int == 20)
            let again = try await olga.call("tenant", "set-plan", olga.example, "--plan", "business")
            #expect(again.status == 0 && again.output.contains("already"))
            #expect(try await olga.audit() == [#"olga | tenant set-plan | {"to": "business", "from": "pro"}"#])
        }
    }

    @Test func `an account is suspended and resumed, each written down once`() async throws {
        try await Operator.with { olga in
            for _ in 1...2 {
                let suspended = try await olga.object("tenant", "suspend", olga.example, "--yes", "--as", "otto")
                #expect(suspended["status"] as? String == "suspended")
            }
            #expect(try await olga.object("tenant", "show", olga.other)["status"] as? String == "active")
            let key = try await olga.tenants.issueKey(for: olga.tenants.example)
            #expect(try await olga.object("tenant", "show", olga.example)["status"] as? String == "suspended")
            #expect(!key.text.isEmpty)
            for _ in 1...2 {
                let resumed = try await olga.object("tenant", "resume", olga.example)
                #expect(resumed["status"] as? String == "active")
            }
            #expect(try await olga.audit() == ["otto | tenant suspend", "olga | tenant resume"])
        }
    }

    @Test func `without a terminal nothing is suspended unless it is told to`() async throws {
        try await Operator.with { olga in
            let result = try await olga.call("tenant", "suspend", olga.example)
            #expect(result.status == 1)
            #expect(result.errors.contains("--yes"))
            #expect(try await olga.object("tenant", "show", olga.example)["status"] as? String == "active")
            #expect(try await olga.audit().isEmpty)
        }
    }

    @Test func `at a terminal it asks, and only a yes is one`() async throws {
        try await Operator.with { olga in
            for answer in ["n", "", "nay"] {
                let refused = try await olga.callAtTerminal(["tenant", "suspend", olga.example], typing: answer)
                #expect(refused.status == 1)
                #expect(refused.output.contains("Suspend \(olga.example) (Example)?"))
                #expect(refused.output.contains("nothing was changed"))
            }
            #expect(try await olga.object("tenant", "show", olga.example)["status"] as? String == "active")
            let agreed = try await olga.callAtTerminal(["tenant", "suspend", olga.example], typing: "y")
            #expect(agreed.status == 0)
            #expect(try await olga.object("tenant", "show", olga.example)["status"] as? String == "suspended")
        }
    }

    private static let unknown = "ten_01M838NEQVMJ0RCZR3A9GJMFEQ"
    private static let commandsOfATenant = [
        ["tenant", "show", unknown], ["tenant", "set-plan", unknown, "--plan", "pro"],
        ["tenant", "suspend", unknown, "--yes"], ["tenant", "resume", unknown], ["quota", "show", "--tenant", unknown],
        ["quota", "set", "--tenant", unknown, "--concurrency", "1"], ["quota", "clear", "--tenant", unknown],
        ["key", "issue", "--tenant", unknown, "--name", "x"], ["key", "list", "--tenant", unknown],
        ["job", "list", "--tenant", unknown], ["audit", "--tenant", unknown],
    ]

    @Test func `every command says where to look when there is no such account`() async throws {
        try await Operator.with { olga in
            for arguments in Self.commandsOfATenant {
                let result = try await olga.call(arguments)
                #expect(result.status == 1, "\(arguments)")
                #expect(
                    result.errors
                        == "verbatim-admin: there is no tenant \(Self.unknown); see: verbatim-admin tenant list\n",
                    "\(arguments)")
                #expect(result.output.isEmpty)
            }
            #expect(try await olga.audit().isEmpty)
        }
    }
}
