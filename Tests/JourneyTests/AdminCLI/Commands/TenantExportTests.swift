import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// `verbatim-admin tenant export`: what a customer gets to read of what is held about it.
@Suite struct TenantExportTests {
    private static func objects(_ text: String) throws -> [[String: Any]] {
        #expect(text.hasSuffix("\n"))
        return try text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any], "\($0)")
        }
    }

    /// Which types of lines hold `marker`.
    private static func types(with marker: String, in text: String) throws -> Set<String> {
        Set(
            try objects(text.split(separator: "\n").filter { $0.contains(marker) }.joined(separator: "\n") + "\n")
                .compactMap { $0["type"] as? String })
    }

    private static let words = Transcript(
        jobID: "job", language: "de", languageConfidence: 1, durationMilliseconds: 1000, engine: "e", fallback: nil,
        model: "m", diarization: "none", speakers: [],
        segments: [Transcript.Segment(start: 0, end: 900, text: "Himbeere")])

    /// An account with one of everything; its secrets hold the word `Geheimnis`.
    private static func plant(_ olga: Operator) async throws -> JobID {
        let (tenants, example) = (olga.tenants, olga.tenants.example)
        let job = try await JobScene.insert(.completed, of: example, into: tenants)
        try await JobScene.insert(
            .failed, of: example, into: tenants, url: "https://media.example/fliederbeere.mp3?token=1")
        try await JobScene.insert(.queued, of: tenants.other, into: tenants, url: "https://other.example/charlies.mp3")
        try await WebhookScene.insert(
            of: job.rawValue, tenant: example, into: tenants, url: "https://holunder.example/hook", secret: "Geheimnis")
        _ = try await tenants.issueKey(for: example, name: "schluesselblume")
        let body = Array(try JSONEncoder().encode(words))
        try await tenants.owner.transaction { transaction in
            try transaction.execute(
                "UPDATE jobs SET metadata = '{\"case\":\n 1e308, \"for\": \"quittenmus\"}' WHERE id = \(job)")
            try transaction.execute(
                "INSERT INTO transcripts (tenant_id, job_id, body) VALUES (\(example), \(job), \(body))")
            try transaction.execute(
                "INSERT INTO speaker_names VALUES (\(example), \(job), 'speaker_0', 'Frau Himbeer')")
            try transaction.execute(
                """
                INSERT INTO transcript_revisions (tenant_id, job_id, revision, key_id, segments, bytes)
                VALUES (\(example), \(job), 1, 'kkkkkkkkkkkk', 1, 2)
                """)
            try transaction.execute(
                "INSERT INTO word_options VALUES (\(example), \(job), '{\"key_terms\":[\"Mispel\"]}')")
            try transaction.execute("INSERT INTO provenance_records VALUES (\(example), \(job), 0, 'holler.jws')")
            try transaction.execute(
                """
                INSERT INTO transcript_corrections (tenant_id, job_id, segment, revision, body)
                VALUES (\(example), \(job), 0, 1, convert_to('{"s":0,"e":900,"t":"Johannisbeere","w":[]}', 'UTF8'))
                """)
            try transaction.execute(
                """
                INSERT INTO refresh_tokens (tenant_id, key_id, token_hash, family, expires_at)
                SELECT tenant_id, id, sha256('Geheimnis'), sha256('Geheimnis'), now() + interval '1 day' FROM api_keys
                """)
            try transaction.execute(
                """
                INSERT INTO idempotency_keys (tenant_id, key, fingerprint, job_id, response)
                VALUES (\(example), 'schlehdorn-1', sha256('x'), \(job), 'y')
                """)
            try transaction.execute("INSERT INTO usage_months (tenant_id, month) VALUES (\(example), '2026-10')")
            try transaction.execute(
                """
                INSERT INTO usage (tenant_id, month, admission, job_id, seconds, plan, included_seconds, accept_overage,
                    admitted_at)
                VALUES (\(example), '2026-10', 1, \(job), 59, 'pro', 600, false, now())
                """)
            try transaction.execute(
                """
                INSERT INTO reservations (
                    tenant_id, job_id, month, admission, seconds, plan, included_seconds, accept_overage, admitted_at)
                VALUES (\(example), \(job), '2026-10', 2, 60, 'pro', 600, false, now())
                """)
            try transaction.execute(
                """
                INSERT INTO engine_tickets (tenant_id, job_id, chunk, attempt, engine, ticket, submitted_at)
                VALUES (\(example), \(job), 0, 1, 'assemblyai', 'copy-1', now())
                """)
            try transaction.execute(
                """
                INSERT INTO adjustments (tenant_id, month, amount_cents, reason, author)
                VALUES (\(example), '2026-10', -5, 'zwetschgenrabatt', 'otto')
                """)
            try transaction.execute(
                """
                INSERT INTO statement_lines VALUES (\(example), '2026-10', 1, 'pro', 10, 59, 0, 40000, 0, -5, -5)
                """)
            // As of an account that was deleted.
            try transaction.execute("INSERT INTO deleted_tenant_names VALUES (\(example), 'Mirabelle Ltd')")
        }
        try await tenants.owner.execute("INSERT INTO account_limits VALUES (\(example), 500, '{80}')")
        try await tenants.owner.execute(
            "INSERT INTO billing_details VALUES (\(example), 'Quitte AG', 'Street 1', 'DE1', 'cost center 7')")
        try await tenants.owner.execute(
            "INSERT INTO statement_parties VALUES (\(example), '2026-10', NULL, '{\"name\":\"Quitte AG\"}')")
        let member = "mem_01JZZZZZZZZZZZZZZZZZZZZZZZ"
        try await tenants.owner.execute(
            """
            INSERT INTO members (tenant_id, id, email, role, password_hash)
            VALUES (\(example), \(member), 'ida@holler.example', 'owner', '$argon2id$')
            """)
        try await tenants.owner.execute(
            """
            INSERT INTO member_links (tenant_id, token_hash, member_id, expires_at)
            VALUES (\(example), sha256('Geheimnis'), \(member), now() + interval '1 day')
            """)
        try await tenants.owner.execute(
            """
            INSERT INTO member_sessions (tenant_id, token_hash, member_id)
            VALUES (\(example), sha256('Geheimnis'), \(member))
            """)
        try await tenants.owner.execute(
            "INSERT INTO usage_alerts VALUES (\(example), '2026-10', 'limit_reached', 'overage_cap', 0)")
        #expect(try await olga.call("quota", "set", "--tenant", olga.example, "--concurrency", "7").status == 0)
        return job
    }

    @Test func `it holds all that there is about an account, each where it belongs, and no secret`() async throws {
        try await Operator.with { olga in
            let job = try await Self.plant(olga)
            let export = try await olga.call("tenant", "export", olga.example)
            #expect(export.status == 0, "\(export.errors)")
            let lines = try Self.objects(export.output)
            let types = Set(lines.compactMap { $0["type"] as? String })
            #expect(
                types == [
                    "account", "limits", "own_limits", "usage_alert", "billing_details", "statement_parties", "member",
                    "key",
                    "session", "job", "transcript", "corrected_transcript", "revision", "speaker_name", "word_options",
                    "provenance_record", "engine_copy", "idempotency_key",
                    "month",
                    "reservation", "usage", "adjustment", "statement_line", "statement_name",
                    "webhook_endpoint", "delivery", "delivery_attempt", "audit",
                ])
            let places: KeyValuePairs<String, Set<String>> = [
                "schluesselblume": ["key"], "quittenmus": ["job"], "meier.wav": ["job"],
                "fliederbeere": ["job"], "schlehdorn": ["idempotency_key"], "zwetschgenrabatt": ["adjustment"],
                "Mirabelle": ["statement_name"], "ida@holler": ["member"],
                "holunder": ["job", "webhook_endpoint", "delivery"],
                "Mispel": ["word_options"], "Himbeer": ["transcript", "speaker_name"],
                "Johannisbeer": ["corrected_transcript"],
                job.rawValue: [
                    "job", "transcript", "corrected_transcript", "revision", "speaker_name", "word_options",
                    "provenance_record",
                    "engine_copy",
                    "idempotency_key", "reservation", "usage", "delivery",
                ],
            ]
            for (marker, place) in places {
                #expect(try Self.types(with: marker, in: export.output) == place, "\(marker)")
            }
            func line(_ type: String) throws -> [String: Any] {
                let found = lines.first { $0["type"] as? String == type }
                return try #require(found)
            }
            #expect(try line("account")["name"] as? String == "Example")
            #expect(try line("limits")["concurrency"] as? Int == 7)
            #expect(try line("session")["expires_at"] is String)
            #expect(try line("usage")["seconds"] as? Int == 59)
            let transcript = try line("transcript")["transcript"] as? [String: Any]
            #expect(transcript?["language"] as? String == "de")
            let corrected = try line("corrected_transcript")["transcript"] as? [String: Any]
            #expect(corrected?["revision"] as? Int == 1)
            let spoken = (corrected?["segments"] as? [[String: Any]])?.first?["text"] as? String
            #expect(spoken == "Johannisbeere" && "\(transcript ?? [:])".contains("Johannisbeere") == false)
            let created = try #require(try line("job")["created_at"] as? String)
            #expect(Timestamp(rfc3339: created) != nil)
            #expect(export.output.contains("1e308"))

            for hidden in ["Geheimnis", "argon2id", "charlies", "otto", "olga", olga.other, "sealed", "secret_hash"] {
                #expect(!export.output.contains(hidden), "\(hidden)")
            }
            let hash = try await olga.tenants.owner.query("SELECT encode(token_hash, 'hex') FROM refresh_tokens")[0]
                .decode(String.self)
            #expect(!export.output.contains(hash))
            #expect(try await olga.audit().last == "olga | tenant export")
        }
    }

    /// Columns that no customer is shown, or that an export holds in another way.
    private static let withheld: [String: Set<String>] = [
        // Of secrets, and how we keep apart and look after what is theirs.
        "api_keys": ["secret_hash", "told_expires_at"], "refresh_tokens": ["token_hash", "family", "successor"],
        "idempotency_keys": ["holder", "lease_until", "fingerprint", "response"],
        "webhook_events": [
            "schedule_attempts", "next_attempt_at", "fence", "lease_until", "due", "abandoned", "origin",
        ],
        "webhook_endpoints": ["origin", "told_failing_since"],
        "engine_tickets": ["attempt"],
        // Limits as they are in force stand in `limits`; progress, in `status`.
        "jobs": [
            "max_duration_ms", "source_key", "samples_total", "samples_processed", "samples_to_process", "parts_left",
            "retry_lease_until",
        ],
        "members": ["password_hash", "has_password"], "transcript_revisions": ["bytes"],
        "audit_log": ["id", "operator"], "adjustments": ["id", "author"],
    ]
    /// Tables whose rows are no lines of an export: what is in them says `limits` or `usage`, or is gone when a job is done, or is a secret.
    private static let absent: Set<String> = [
        "quota_overrides", "tasks", "used_tokens", "chunks", "sections", "transcripts", "tenant_load", "tenant_turns",
        "webhook_secrets",
        "webhook_failing_origins", "usage_sums", "usage_increases", "member_links", "member_sessions", "upload_slots",
        "transcript_corrections",
    ]
    private static let types = [
        "api_keys": "key", "refresh_tokens": "session", "jobs": "job", "engine_tickets": "engine_copy",
        "idempotency_keys": "idempotency_key", "usage_months": "month", "reservations": "reservation", "usage": "usage",
        "account_limits": "own_limits", "usage_alerts": "usage_alert",
        "speaker_names": "speaker_name", "transcript_revisions": "revision", "provenance_records": "provenance_record",
        "word_options": "word_options",
        "members": "member",
        "billing_details": "billing_details", "statement_parties": "statement_parties",
        "adjustments": "adjustment",
        "statement_lines": "statement_line",
        "deleted_tenant_names": "statement_name", "webhook_endpoints": "webhook_endpoint",
        "webhook_events": "delivery", "webhook_attempts": "delivery_attempt", "audit_log": "audit",
    ]
    /// What an export calls a column otherwise.
    private static let names = [
        "api_keys.id": "key_id", "members.id": "member_id", "jobs.id": "job_id", "webhook_events.id": "event_id",
        "webhook_endpoints.id": "webhook_id",
        "webhook_events.endpoint_id": "webhook_id",
        "idempotency_keys.key": "idempotency_key",
        "engine_tickets.chunk": "piece", "webhook_endpoints.first_failure_at": "failures_from",
        "webhook_events.schedule_started_at": "first_try",
    ]

    @Test func `whatever column there is of an account's is in it, or was decided upon`() async throws {
        try await Operator.with { olga in
            _ = try await Self.plant(olga)
            let lines = try Self.objects(try await olga.call("tenant", "export", olga.example).output)
            var columns: [String: Set<String>] = [:]
            for row in try await olga.tenants.owner.query(
                """
                SELECT c.table_name::text, c.column_name::text FROM information_schema.columns c
                WHERE c.table_schema = 'public' AND c.column_name <> 'tenant_id' AND EXISTS (
                    SELECT FROM information_schema.columns t
                    WHERE t.table_schema = 'public' AND t.table_name = c.table_name AND t.column_name = 'tenant_id')
                """)
            {
                let (table, column) = try row.decode(String.self, String.self)
                columns[table, default: []].insert(column)
            }
            #expect(Set(columns.keys) == Set(Self.types.keys).union(Self.absent))
            for (table, type) in Self.types {
                let keys = Set(lines.filter { $0["type"] as? String == type }.flatMap(\.keys))
                let expected = try #require(columns[table]).subtracting(Self.withheld[table] ?? []).map {
                    Self.names["\(table).\($0)"] ?? ($0 == "month" ? "period" : $0)
                }
                #expect(Set(expected).subtracting(keys) == [], "\(table)")
            }
        }
    }

    @Test func `an export that is interrupted leaves nothing`() async throws {
        try await Operator.with { olga in
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let owner = olga.tenants.owner
            // It waits for this lock in the middle of its writing.
            try await owner.whileOpen({ try $0.execute("LOCK audit_log IN ACCESS EXCLUSIVE MODE") }) {
                let export = try await RunningProcess(
                    Checkout.executable("verbatim-admin"),
                    ["tenant", "export", olga.example, "--output", folder.path + "/example.jsonl"],
                    environment: ["VERBATIM_DATABASE_URL": olga.tenants.database.url, "USER": "olga"])
                try await eventually("it waits") {
                    try await owner.query("SELECT FROM pg_locks WHERE NOT granted").count == 1
                }
                export.signal(SIGKILL)
                #expect(try await export.ended() == -SIGKILL)
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        }
    }

    @Test func `a file is its owner's alone, and none is overwritten unless that is said`() async throws {
        try await Operator.with { olga in
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let path = folder.path + "/example.jsonl"
            let answer = try await olga.object("tenant", "export", olga.example, "--output", path)
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let lines = try Self.objects(text)
            #expect(answer["lines"] as? Int == lines.count)
            let rights = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(rights == 0o600)

            try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
            let refused = try await olga.call("tenant", "export", olga.example, "--output", path)
            #expect(refused.status == 1 && refused.errors.contains("--force"))
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
            #expect(try await olga.call("tenant", "export", olga.example, "--output", path, "--force").status == 0)
            #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix(#"{"type":"account""#))
            #expect(try folder.files == ["example.jsonl"])
            #expect(try await olga.audit().count == 2)

            let nowhere = try await olga.call("tenant", "export", olga.example, "--output", folder.path + "/no/file")
            #expect(nowhere.status == 1 && nowhere.errors.contains("cannot be written"))
            #expect(try await olga.call("tenant", "export", olga.example, "--force").status == 64)
        }
    }

    @Test func `more jobs than a page holds come whole, and a deleted account has little to say`() async throws {
        try await Operator.with { olga in
            let example = olga.tenants.example
            for _ in 0..<3 { try await JobScene.insert(.completed, of: example, into: olga.tenants) }
            try await olga.tenants.owner.execute(
                """
                INSERT INTO usage_months (tenant_id, month)
                SELECT \(example), to_char(date '1900-01-01' + make_interval(months => n), 'YYYY-MM')
                FROM generate_series(1, 1200) n
                """)
            let lines = try Self.objects(try await olga.call("tenant", "export", olga.example).output)
            #expect(lines.count { $0["type"] as? String == "month" } == 1_200)
            #expect(lines.count { $0["type"] as? String == "job" } == 3)

            #expect(try await olga.call("tenant", "delete", olga.example, "--yes").status == 0)
            let after = try await olga.call("tenant", "export", olga.example).output
            #expect(!after.contains("meier") && !after.contains("patient"))
            #expect(try Self.objects(after).first?["status"] as? String == "deleted")
        }
    }
}
