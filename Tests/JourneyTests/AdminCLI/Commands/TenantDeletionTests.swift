import Egress
import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// `verbatim-admin tenant delete`, while customers and workers are at it.
@Suite struct TenantDeletionTests {
    /// What the account owes, without its name.
    private static func bill(_ deployment: Deployment) async throws -> [NSDictionary] {
        let period = try await deployment.tenants.owner.query("SELECT month FROM usage LIMIT 1")[0].decode(String.self)
        let report = try await deployment.admin(
            "usage", "report", "--period", period, "--tenant", deployment.tenants.example.rawValue, "--json")
        let rows = try JSONSerialization.jsonObject(with: Data(report.output.utf8)) as? [[String: Any]]
        return try #require(rows, "\(report.errors)").map {
            NSDictionary(dictionary: $0.filter { $0.key != "tenant_name" })
        }
    }

    /// Fails a job that has just been queued, whose source is kept, as a worker does it.
    private static func failOne(_ deployment: Deployment) async throws {
        let queue = TaskQueue(databases: deployment.tenants.databases, worker: "test")
        let claim = try #require(try await queue.claim(limit: 1).first)
        try await deployment.tenants.databases.app.transaction(of: claim.tenant) {
            try claim.failJob(.internal, keepingSourceFor: .seconds(3600), in: $0)
        }
    }

    private static let markers = ["Zwetschge", "geheimakte", "quittenmus", "holunder.example", "schlehdorn", "young"]

    /// The account was billed: its name, and nothing else, stays for its statements.
    private static func left(of marker: String) -> Set<String> {
        marker == markers[0] ? ["deleted_tenant_names.name"] : []
    }

    @Test func `an account is erased while it is at work, and nothing but its bill is left`() async throws {
        try await Deployment.with { deployment in
            let (tenants, example) = (deployment.tenants, deployment.tenants.example)
            try await tenants.owner.execute("UPDATE tenants SET name = 'Zwetschge Ltd' WHERE id = \(example)")
            let api = try await deployment.start("api")
            let key = try await tenants.issueKey(for: example, name: "zwetschge production")
            let customer = try await Customer.logIn(apiKey: key.text, at: api, over: deployment.http)
            let charlie = try await deployment.customer(of: tenants.other, at: api)
            let fields = ["metadata": #"{"patient":"quittenmus"}"#]
            func submit(_ path: String) async throws -> String {
                try await customer.submit(file: path, named: "geheimakte.wav", fields: fields)
            }

            _ = try await submit(Recordings.clip("0880"))
            try await Self.failOne(deployment)
            let worker = try await deployment.start("worker", ["VERBATIM_WORKER_SLOTS": "1"])
            let done = try await submit(Recordings.clip("0880"))
            #expect(try await customer.words(of: done).contains("young"))
            try await WebhookScene.insert(
                of: done, tenant: example, into: tenants, url: "https://holunder.example/hook", secret: "schlehdorn")
            let replayed = try await customer.post(
                file: Recordings.clip("0880"), named: "geheimakte.wav", fields: fields,
                headers: [(name: "Idempotency-Key", value: "schlehdorn-1")])
            #expect(replayed.status == 202)
            let media = try TemporaryFolder()
            defer { media.remove() }
            let long = try await Recordings.speech(
                Array(repeating: "0880", count: 60), into: media, named: "long.wav", gain: 0.9)
            let running = try await submit(long)
            _ = try await submit(Recordings.clip("0880"))
            _ = try await worker.process.log.line(with: "task started", "recognize", running)
            let theirs = try await charlie.submit(file: Recordings.clip("0930"))

            for marker in Self.markers {
                #expect(try await MarkerSearch.places(of: marker, in: tenants) != [], "\(marker) was not planted")
            }
            let bill = try await Self.bill(deployment)
            #expect(bill.count == 1)
            let refused = try await deployment.admin("tenant", "delete", example.rawValue)
            #expect(refused.status == 1 && refused.errors.contains("--yes"))
            #expect(try await customer.get("/jobs/\(done)").status == 200)

            let deleted = try await deployment.admin("tenant", "delete", example.rawValue, "--yes", "--json")
            #expect(deleted.status == 0, "\(deleted.errors)")
            // 401 for the key that ended, 403 for the account: whichever is looked at first.
            let status = try await customer.get("/jobs/\(done)").status
            #expect(status == 401 || status == 403)
            let login = try await customer.send("POST", "/auth/token", json: #"{"api_key":"\#(key.text)"}"#)
            #expect(try login.problem(401)["error"] as? String == "invalid_api_key")
            for marker in Self.markers {
                #expect(try await MarkerSearch.places(of: marker, in: tenants) == Self.left(of: marker), "\(marker)")
            }
            #expect(try await Self.bill(deployment) == bill)

            try await eventually("the audio is gone") {
                try deployment.storage.files.filter { $0.contains(example.rawValue) } == []
            }
            try await eventually("nothing is left to do") {
                let again = try await deployment.admin("tenant", "delete", example.rawValue)
                return again.status == 0 && again.output.contains("Nothing of their audio is left")
            }
            // Whoever still worked on the long recording has written nothing since.
            for marker in Self.markers {
                #expect(try await MarkerSearch.places(of: marker, in: tenants) == Self.left(of: marker), "\(marker)")
            }
            #expect(try await charlie.words(of: theirs).isEmpty == false)
            let counts = try await tenants.owner.query(
                """
                SELECT (SELECT count(*) FROM jobs WHERE tenant_id = \(example) AND deleted_at IS NULL),
                    (SELECT count(*) FROM reservations WHERE tenant_id = \(example)),
                    (SELECT count(*) FROM audit_log WHERE action = 'tenant delete')
                """)[0].decode(Int.self, Int.self, Int.self)
            #expect(counts == (0, 0, 1))
        }
    }

    @Test func `a deleted account is shown as such, and changed by no command`() async throws {
        try await Operator.with { olga in
            let kept = try await olga.tenants.issueKey(for: olga.tenants.example)
            #expect(try await olga.call("tenant", "delete", olga.example, "--yes", "--as", "otto").status == 0)
            let listed = try await olga.list("tenant", "list").first { $0["tenant_id"] as? String == olga.example }
            #expect(listed?["status"] as? String == "deleted")
            #expect(listed?["name"] as? String == "deleted")
            let shown = try await olga.object("tenant", "show", olga.example)
            #expect(shown["keys_active"] as? Int == 0)
            #expect(try await olga.list("key", "list", "--tenant", olga.example)[0]["name"] as? String == "deleted")
            for arguments in [
                ["tenant", "set-plan", olga.example, "--plan", "free"], ["tenant", "suspend", olga.example],
                ["tenant", "resume", olga.example], ["key", "issue", "--tenant", olga.example, "--name", "x"],
                ["quota", "set", "--tenant", olga.example, "--concurrency", "1"],
                ["quota", "clear", "--tenant", olga.example],
            ] {
                let result = try await olga.call(arguments)
                #expect(result.status == 1, "\(arguments)")
                #expect(result.errors.contains("was deleted"), "\(arguments): \(result.errors)")
            }
            #expect(try await olga.call("key", "rotate", kept.id.rawValue).status == 1)
            #expect(try await olga.audit() == ["otto | tenant delete"])
            #expect(try await olga.object("tenant", "show", olga.other)["status"] as? String == "active")
        }
    }
}
