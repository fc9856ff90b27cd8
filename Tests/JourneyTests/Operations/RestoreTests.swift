import Egress
import Foundation
import Logging
import Postgres
import TestSupport
import Testing

/// Backup and restore as docs/operations.md tells operators to do it: the commands are read there.
@Suite struct RestoreTests {
    private static let masterKey = String(repeating: "5e", count: 32)

    /// The indented lines below that heading of the document: commands of a shell.
    private static func commands(below heading: String) throws -> String {
        let text = try String(contentsOfFile: Checkout.root + "/docs/operations.md", encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0 == "### \(heading)" })
        let section = lines[(start + 1)...].prefix { !$0.hasPrefix("#") }
        return section.filter { $0.hasPrefix("    ") }.map { $0.dropFirst(4) }.joined(separator: "\n")
    }

    /// Carries them out in that folder, with our executables at hand.
    private static func carryOut(
        _ heading: String, in folder: String, _ environment: [String: String]
    ) async throws -> Command.Result {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let place = ["PATH": Checkout.executables + ":" + path, "FOLDER": folder]
        return try await Command.run(
            "bash", ["-euo", "pipefail", "-c", "cd \"$FOLDER\"\n" + (try commands(below: heading))],
            environment: environment.merging(place) { $1 })
    }

    /// An account, and a month of its that is closed. Answers an API key.
    private static func makeCustomer(on server: DatabaseServer) async throws -> String {
        struct Made: Decodable { let tenant_id: String }
        struct Issued: Decodable { let api_key: String }
        _ = try await server.answer("migrate")
        try await server.admitService()
        let made = try await server.answer(
            "tenant", "create", "--name", "Example", "--plan", "pro", "--json",
            settings: ["VERBATIM_MASTER_KEY": masterKey])
        let tenant = try JSONDecoder().decode(Made.self, from: Data(made.utf8)).tenant_id
        let issued = try await server.answer("key", "issue", "--tenant", tenant, "--name", "k", "--json")
        let job = "job_01M838NEQVMJ0RCZR3A9GJMFE1"
        try await server.sql(
            [
                "UPDATE tenants SET created_at = '2026-01-01T00:00:00Z'",
                "INSERT INTO usage_months (tenant_id, month, used_seconds, admissions) VALUES ('\(tenant)', '2026-10', 667, 1)",
                """
                INSERT INTO jobs (tenant_id, id, status, created_at, completed_at, diarize, language_requested,
                    metadata, max_duration_ms, source_type, samples_total)
                VALUES ('\(tenant)', '\(job)', 'completed', '2026-10-31T23:59:59Z', '2026-11-01T00:10:00Z', true, 'auto',
                    '{"team":"=A1"}', 1, 'upload', \(667 * 16_000 - 1))
                """,
                """
                INSERT INTO usage (tenant_id, month, admission, job_id, seconds, plan, included_seconds,
                    accept_overage, rate_micros_per_minute, admitted_at, settled_at)
                VALUES ('\(tenant)', '2026-10', 1, '\(job)', 667, 'pro', 600, true, 40000,
                    '2026-10-31T23:59:59Z', '2026-11-01T00:10:00Z')
                """,
            ], as: server.owner)
        _ = try await server.answer(
            "usage", "adjust", "--tenant", tenant, "--period", "2026-10", "--amount-cents", "-3", "--reason", "Outage")
        _ = try await server.answer("usage", "close", "--period", "2026-10", "--yes")
        return try JSONDecoder().decode(Issued.self, from: Data(issued.utf8)).api_key
    }

    /// Everything that finance gets of the closed month and of the one under way.
    private static func exports(of server: DatabaseServer) async throws -> [String] {
        let now = Timestamp.now().rfc3339.prefix(7)
        var all: [String] = []
        for period in ["2026-10", String(now)] {
            for form in ["--format=csv", "--format=json"] {
                all.append(try await server.answer("usage", "export", "--period", period, form))
                all.append(try await server.answer("usage", "export", "--period", period, form, "--detail"))
                all.append(try await server.answer("usage", "export", "--period", period, form, "--adjustments"))
            }
            all.append(try await server.answer("usage", "report", "--period", period, "--json"))
        }
        return all
    }

    @Test func `the documented backup and restore bring a fresh server the same customers and the same statements`()
        async throws
    {
        let models = try await SharedModelServer.shared().url
        let (storage, scratch, place) = (try TemporaryFolder(), try TemporaryFolder(), try TemporaryFolder())
        defer { for folder in [storage, scratch, place] { folder.remove() } }
        let settings = [
            "VERBATIM_LISTEN": "127.0.0.1:0", "VERBATIM_MASTER_KEY": Self.masterKey,
            "VERBATIM_STORAGE": "file://" + storage.path, "VERBATIM_SCRATCH": scratch.path,
            "VERBATIM_SCRATCH_BYTES": "1000000", "VERBATIM_INFERENCE_URL": models, "USER": "olga",
        ]
        let http = EgressClient(logger: Logger(label: "test"))
        struct Kept: Sendable {
            let apiKey, token, job, answer, transcript: String
            let exports: [String]
        }
        let kept = try await DatabaseServer.withFresh { old in
            let apiKey = try await Self.makeCustomer(on: old)
            let node = try await Node.start(
                "serve", settings.merging(["VERBATIM_DATABASE_URL": old.service]) { $1 })
            let customer = try await Customer.logIn(apiKey: apiKey, at: node, over: http)
            let job = try await customer.submit(
                file: Recordings.clip("0880"), fields: ["metadata": #"{"order":"Ä-17"}"#])
            #expect(try await customer.words(of: job).contains("young man"))
            try await eventually("the audio is gone") {
                try await customer.get("/jobs/\(job)").json["source_deleted_at"] is String
            }
            // While the node runs.
            let backup = try await Self.carryOut(
                "Back up", in: place.path, settings.merging(["VERBATIM_DATABASE_URL": old.owner]) { $1 })
            #expect(backup.status == 0, "\(backup.errors)")
            return Kept(
                apiKey: apiKey, token: customer.token, job: job, answer: try await customer.get("/jobs/\(job)").text,
                transcript: try await customer.get("/jobs/\(job)/transcript").text,
                exports: try await Self.exports(of: old))
        }
        try await DatabaseServer.withFresh(isPrepared: false) { new in
            let restored = try await Self.carryOut(
                "Restore", in: place.path,
                settings.merging(["VERBATIM_DATABASE_URL": new.owner, "NEW_SERVER": new.superuser]) { $1 })
            #expect(restored.status == 0, "\(restored.errors)\(restored.output)")
            #expect(restored.errors == "")
            #expect(restored.output.contains("ok     rights"))
            #expect(try await Self.exports(of: new) == kept.exports)
            #expect(try await new.admin("usage", "verify", "--period", "2026-10").status == 0)

            let node = try await Node.start(
                "serve", settings.merging(["VERBATIM_DATABASE_URL": new.service]) { $1 })
            let known = Customer(node: node, http: http, token: kept.token)
            #expect(try await known.get("/jobs/\(kept.job)").text == kept.answer)
            let customer = try await Customer.logIn(apiKey: kept.apiKey, at: node, over: http)
            #expect(try await customer.get("/jobs/\(kept.job)/transcript").text == kept.transcript)
            #expect(try await customer.get("/jobs").json["jobs"].map { "\($0)" }?.contains(kept.job) == true)
            // And it goes on as before.
            let next = try await customer.submit(file: Recordings.clip("0880"))
            #expect(try await customer.words(of: next).contains("young man"))
            node.process.signal(SIGTERM)
            #expect(try await node.process.ended() == 0)
        }
        await http.close()
    }

    @Test
    func `a restore without roles, for an owner of another name, is told by node and doctor and mended by migrate`()
        async throws
    {
        let (storage, scratch, place) = (try TemporaryFolder(), try TemporaryFolder(), try TemporaryFolder())
        defer { for folder in [storage, scratch, place] { folder.remove() } }
        let settings = [
            "VERBATIM_LISTEN": "127.0.0.1:0", "VERBATIM_MASTER_KEY": Self.masterKey,
            "VERBATIM_STORAGE": "file://" + storage.path, "VERBATIM_SCRATCH": scratch.path, "USER": "olga",
        ]
        let (apiKey, exports) = try await DatabaseServer.withFresh { old in
            let apiKey = try await Self.makeCustomer(on: old)
            let backup = try await Self.carryOut(
                "Back up", in: place.path, settings.merging(["VERBATIM_DATABASE_URL": old.owner]) { $1 })
            #expect(backup.status == 0, "\(backup.errors)")
            return (apiKey, try await Self.exports(of: old))
        }
        try await DatabaseServer.withFresh(owner: "keeper") { new in
            let environment = settings.merging(["VERBATIM_DATABASE_URL": new.owner]) { $1 }
            // As many people do it: what cannot be made is passed over.
            let restored = try await Command.run(
                "pg_restore", ["--no-owner", "--no-privileges", "--dbname=\(new.owner)", place.path + "/verbatim.dump"])
            #expect(restored.errors.contains("role \"verbatim_app\" does not exist"))

            let node = try await Command.run(Checkout.executable("verbatim"), ["api"], environment: environment)
            #expect(node.status == 1)
            #expect(node.errors.contains("run `verbatim-admin migrate`"), "\(node.errors)")
            let before = try await new.admin("doctor", settings: settings)
            #expect(before.output.contains("FAIL   rights"))
            #expect(before.output.contains("verbatim-admin migrate"))

            let mended = try await new.answer("migrate")
            #expect(mended.contains("The schema is current.\nMade "))
            #expect(try await new.answer("migrate") == "The schema is current.\n")
            #expect(try await new.answer("audit").contains("rights_mended"))
            let after = try await new.admin("doctor", settings: settings)
            for check in ["roles", "schema", "rights", "accounts", "master key"] {
                #expect(after.output.contains("ok     \(check) "), "\(after.output)")
            }
            try await new.admitService()
            #expect(try await Self.exports(of: new) == exports)
            let api = try await Node.start("api", settings.merging(["VERBATIM_DATABASE_URL": new.service]) { $1 })
            let http = EgressClient(logger: Logger(label: "test"))
            _ = try await Customer.logIn(apiKey: apiKey, at: api, over: http)
            await http.close()
        }
    }

    @Test func `a right too many is told, and a right too few keeps a node from starting`() async throws {
        try await DatabaseServer.withFresh { server in
            _ = try await server.answer("migrate")
            try await server.admitService()
            try await server.sql(["GRANT DELETE ON jobs TO verbatim_app"], as: server.owner)
            let many = try await server.admin("doctor")
            #expect(many.output.contains("warn   rights"))
            #expect(many.output.contains("GRANT DELETE ON TABLE jobs TO verbatim_app"))
            try await server.sql(
                ["REVOKE DELETE ON jobs FROM verbatim_app", "DROP POLICY own ON jobs"], as: server.owner)
            let few = try await server.admin("doctor")
            #expect(few.output.contains("FAIL   rights"))
            #expect(few.output.contains("CREATE POLICY own ON jobs"))
            #expect(try await server.admin("tenant", "list").errors.contains("run `verbatim-admin migrate`"))
            _ = try await server.answer("migrate")
            #expect(try await server.admin("doctor").output.contains("ok     rights"))
        }
    }
}
