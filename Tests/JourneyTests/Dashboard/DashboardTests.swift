import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing
import WebhookReceiver

/// The dashboard in a real Chromium. What is done and expected there is in `Tests/Dashboard`.
@Suite(.serialized) struct DashboardTests {
    private static let folder = Checkout.root + "/Tests/Dashboard"

    /// Runs a test of `Tests/Dashboard/dashboard.py`, and returns the figures that it prints.
    private static func look(_ test: String, _ scene: [String: String]) async throws -> [String: Any] {
        let home = try TemporaryFolder()
        defer { home.remove() }
        let input = String(decoding: try JSONSerialization.data(withJSONObject: scene), as: UTF8.self)
        let result = try await Command.run(
            folder + "/.venv/bin/python", ["-B", folder + "/dashboard.py", test], environment: ["HOME": home.path],
            input: input)
        try #require(result.status == 0, "\(result.errors)")
        return try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any] ?? [:]
    }

    private static func invite(
        _ deployment: Deployment, _ email: String, _ role: String = "owner", to tenant: TenantID? = nil
    ) async throws -> String {
        let result = try await deployment.admin(
            "member", "invite", "--tenant", (tenant ?? deployment.tenants.example).rawValue, "--email", email, "--role",
            role, "--json")
        try #require(result.status == 0, "\(result.errors)")
        let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        return try #require(json?["link"] as? String)
    }

    /// A node that works, an owner's invitation, a recording with a speaker on each channel, and an endpoint of the customer's.
    private static func withOwner(
        _ body: (_ deployment: Deployment, _ scene: [String: String]) async throws -> Void
    ) async throws {
        let receiver = try WebhookReceiver()
        try await Deployment.with { deployment in
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let node = try await deployment.start("serve", ["VERBATIM_EGRESS_ALLOW": "127.0.0.0/8"])
            let recording = try await Recordings.ffmpeg(
                [
                    "-i", Recordings.clip("0880"), "-i", Recordings.clip("0930"), "-filter_complex",
                    "[0:a]apad=pad_dur=8[a];[1:a]adelay=6500[b];[a][b]join=inputs=2:channel_layout=stereo",
                ], into: folder, named: "interview.wav")
            try await body(
                deployment,
                [
                    "url": node.url, "email": "olga@example.com",
                    "invitation": try await invite(deployment, "olga@example.com"), "recording": recording,
                    "name": "interview.wav", "receiver": receiver.url,
                ])
        }
    }

    @Test func `an editor goes from an invitation to a corrected Word document`() async throws {
        try await Self.withOwner { _ = try await Self.look("editor", $1) }
    }

    @Test func `everything can be done by keyboard alone`() async throws {
        try await Self.withOwner { _ = try await Self.look("keyboard", $1) }
    }

    @Test
    func `an owner makes and revokes keys, tests and replays webhooks, invites, sets limits, and signs out everywhere`()
        async throws
    {
        try await Self.withOwner { _ = try await Self.look("owner", $1) }
    }

    /// An account with transcripts, without a worker.
    private static func withJobs(
        _ body: (_ deployment: Deployment, _ scene: [String: String]) async throws -> Void
    ) async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api", ["VERBATIM_EGRESS_ALLOW": "127.0.0.0/8"])
            let customer = try await deployment.customer(scopes: Set(Scope.allCases), at: node)
            let endpoint = try await customer.send("POST", "/webhooks", json: #"{"url":"http://127.0.0.1:9/hook"}"#)
                .json
            let plain = try await DashboardJob(name: "interview.wav", metadata: #"{"project":"harbor"}"#).insert(
                of: deployment.tenants)
            try await body(
                deployment,
                [
                    "url": node.url, "email": "olga@example.com",
                    "invitation": try await invite(deployment, "olga@example.com"), "name": "interview.wav",
                    "job": plain, "endpoint": try #require(endpoint["id"] as? String),
                ])
        }
    }

    /// The interview, as the job that a test is about.
    private static func talk(_ deployment: Deployment) async throws -> [String: String] {
        let job = DashboardJob(name: "talk.wav", metadata: "{}", turns: try DashboardJob.interview(), seconds: 372)
        return ["name": job.name, "job": try await job.insert(of: deployment.tenants)]
    }

    @Test func `no page has a barrier that axe-core finds, light and dark, on a phone and on a desk`() async throws {
        try await Self.withJobs { _, scene in
            let looked = try await Self.look("barriers", scene)
            #expect(looked["pages"] as? Int == 60)
        }
    }

    @Test func `hostile text is text, strangers find nothing, and a role shows what it may`() async throws {
        try await Self.withJobs { deployment, scene in
            let hostile = DashboardJob(
                name: "<script>alert(1)</script>\u{202E}gpj.wav",
                metadata: #"{"<b>bold</b>":"<b>bold</b>","long":"\#(String(repeating: "x", count: 3_000))"}"#,
                turns: DashboardJob.turns(
                    of: ["<img", "src=x", #"onerror="alert(1)">"#, "\u{202E}abc\u{202C}", "👩‍👩‍👧", "&lt;b&gt;"]
                        + [String(repeating: "y", count: 10_000), "end"]))
            let more = [
                "hostile": try await hostile.insert(of: deployment.tenants),
                "charlie": try await Self.invite(deployment, "charlie@example.com", to: deployment.tenants.other),
                "viewer": try await Self.invite(deployment, "vera@example.com", "viewer"),
                "finance": try await Self.invite(deployment, "fay@example.com", "finance"),
            ]
            _ = try await Self.look("strangers", scene.merging(more) { $1 })
        }
    }

    @Test func `what was typed is not lost: by conflicts, by leaving, by the end of the session`() async throws {
        try await Self.withJobs { deployment, scene in
            let more = [
                "colleague": try await Self.invite(deployment, "carla@example.com"),
                "stranger": try await Self.invite(deployment, "charlie@example.com", to: deployment.tenants.other),
                "stranger_email": "charlie@example.com",
            ]
            let talk = try await Self.talk(deployment)
            _ = try await Self.look("unsaved", scene.merging(talk) { $1 }.merging(more) { $1 })
        }
    }

    @Test func `deletions are taken back, all of a text is printed and copied, and other files are recognized`()
        async throws
    {
        try await Self.withOwner { deployment, scene in
            _ = try await Self.invite(deployment, "carla@example.com")
            _ = try await Self.look("everyday", scene.merging(try await Self.talk(deployment)) { $1 })
        }
    }

    @Test func `overage is offered and shown, and an upload can be cancelled and survives a broken line`() async throws
    {
        try await Self.withOwner { deployment, scene in
            let result = try await deployment.admin(
                "quota", "set", "--tenant", deployment.tenants.example.rawValue, "--monthly-minutes", "0", "--overage",
                "on")
            try #require(result.status == 0, "\(result.errors)")
            _ = try await Self.look("sending", scene)
        }
    }

    @Test func `a page holds one call while a job runs`() async throws {
        try await Self.withJobs { deployment, scene in
            let running = try await DashboardJob.running(of: deployment.tenants)
            _ = try await Self.look("calls", scene.merging(["running": running]) { $1 })
        }
    }

    /// Writes them to the folder that `VERBATIM_SCREENSHOTS` names, as `scripts/screenshots` asks.
    @Test func `every page can be photographed on a phone and on a desk`() async throws {
        let receiver = try WebhookReceiver()
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve", ["VERBATIM_EGRESS_ALLOW": "127.0.0.0/8"])
            let pages = try await RadioStation(deployment: deployment).fill(at: node, receiver: receiver)
            let people = [
                "invitation": try await Self.invite(deployment, "mara@harbor-radio.example"),
                "newcomer": try await Self.invite(deployment, "nils@quay.example", to: deployment.tenants.other),
                "colleague": try await Self.invite(deployment, "per@harbor-radio.example", "developer"),
            ]
            let output = ProcessInfo.processInfo.environment["VERBATIM_SCREENSHOTS"] ?? folder.path
            let looked = try await Self.look(
                "screenshots", pages.merging(people) { $1 }.merging(["url": node.url, "folder": output]) { $1 })
            let files = try FileManager.default.contentsOfDirectory(atPath: output).filter { $0.hasSuffix(".png") }
            #expect(Set(files) == Set(looked["files"] as? [String] ?? []))
            #expect(files.count >= 40)
        }
    }

    @Test func `behind a path prefix all pages find each other and the API, and browsers keep what they may`()
        async throws
    {
        try await Self.withJobs { _ = try await Self.look("prefix", $1) }
    }

    @Test func `the first view is small, and 10,000 jobs and 100,000 words are no burden`() async throws {
        try await Self.withJobs { deployment, scene in
            let tenant = deployment.tenants.example
            try await deployment.tenants.owner.execute(
                """
                INSERT INTO jobs (tenant_id, id, status, created_at, completed_at, diarize, language_requested, metadata,
                    max_duration_ms, source_type, source_name, source_deleted_at, engine, samples_total)
                SELECT \(tenant), 'job_' || lpad(n::text, 26, '0'), 'completed', now(), now(), true, 'auto', '{}', 1000,
                    'upload', 'call-' || n || '.wav', now(), 'whisper_large_v3', 16000
                FROM generate_series(1, 10000) n
                """)
            let vocabulary = "we were two miles off the mole when the wind turned and you feel it in the deck first"
                .split(
                    separator: " "
                ).map(String.init)
            var words = (0..<100_000).map { vocabulary[$0 % vocabulary.count] }
            words[61_803] = "lighthouse"
            let long = try await DashboardJob(
                name: "hearing.mp4", metadata: "{}", turns: DashboardJob.turns(of: words, speakers: 8), seconds: 36_000
            ).insert(of: deployment.tenants)
            let figures = try await Self.look("budgets", scene.merging(["long": long]) { $1 })
            print(
                "dashboard:",
                figures.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "; "))
        }
    }
}
