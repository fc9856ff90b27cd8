import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// What a deletion leaves of an account, in every table that the database's catalog names: whoever adds a table or a column and forgets
/// the deletion hears of it here.
@Suite struct TenantDeletionTablesTests {
    /// What may stay of a table.
    private struct Remainder {
        /// Which rows.
        var rows = "true"
        /// In which columns a value from before may stand; nil: in all of them.
        var columns: Set<String>?
    }

    /// What stays once the audio is gone and the months are closed, by table. Of every other table no row stays.
    private static let kept: [String: Remainder] = [
        // The ledger refers to the account.
        "tenants": Remainder(columns: ["id", "plan", "created_at"]),
        // For an hour, nodes ask which keys have ended.
        "api_keys": Remainder(
            columns: [
                "tenant_id", "id", "mode", "scopes", "monthly_minutes", "created_at", "expires_at", "revoked_at",
                "last_used_at", "replaced_by",
                "changed_at",
            ]),
        // A tombstone: id, account, times, seconds, outcome.
        "jobs": Remainder(columns: [
            "tenant_id", "id", "key_id", "status", "created_at", "started_at", "completed_at", "status_changed_at",
            "diarize",
            "max_duration_ms", "source_type", "source_channels", "estimated_ms", "source_deleted_at", "samples_total",
            "samples_to_process", "samples_processed", "parts_left", "diarization", "error_code", "error_reason",
            "error_message", "retried_as", "is_test", "test_outcome", "test_due_at",
            "transcript_retention_days", "transcript_due_at", "deadline_at", "retry_lease_until",
            "transcript_deleted_at", "deleted_at",
        ]),
        // A clean-up stays for 30 days: a copy at an external engine that is heard of late wakes it.
        "tasks": Remainder(rows: "kind = 'clean'"),
        // When the account last had its turn.
        "tenant_load": Remainder(columns: ["tenant_id"]),
        // What was billed, and to whom.
        "usage_months": Remainder(), "usage": Remainder(), "adjustments": Remainder(), "statement_lines": Remainder(),
        "statement_parties": Remainder(),
        "usage_sums": Remainder(rows: "dimension IN ('day', 'key')"), "usage_increases": Remainder(),
        "deleted_tenant_names": Remainder(),
        // What operators did.
        "audit_log": Remainder(),
    ]

    /// Tables that a deletion itself fills.
    private static let written: Set<String> = ["deleted_tenant_names"]

    @Test func `of an account with rows in every table nothing is left but what was decided upon`() async throws {
        try await QueueScene.run { scene in
            let faults = try await Self.faults(in: scene)
            #expect(faults == [])
        }
    }

    @Test(arguments: [
        (["CREATE TABLE notes (tenant_id text, note text)"], "notes: no row was planted"),
        (
            [
                "CREATE TABLE notes (tenant_id text, note text)", "INSERT INTO notes SELECT id, 'Meier' FROM tenants",
            ],
            "notes: a row is left"
        ),
        (["CREATE TABLE notes (account text REFERENCES tenants)"], "notes: it has no tenant_id"),
        (["ALTER TABLE jobs ADD nickname text"], "jobs.nickname: no value was planted"),
        (
            ["ALTER TABLE jobs ADD nickname text", "UPDATE jobs SET nickname = 'Meier'"],
            "jobs.nickname: a value is left"
        ),
        (["ALTER TABLE api_keys ADD nickname text DEFAULT 'Meier'"], "api_keys.nickname: a value is left"),
    ])
    func `a table or a column that a deletion forgets is found`(change: [String], fault: String) async throws {
        try await QueueScene.run { scene in
            let faults = try await Self.faults(in: scene, after: change)
            #expect(faults == [fault])
        }
    }

    /// Deletes an account that has rows in every table, and returns what is wrong with what is left.
    ///
    /// - Parameter change: statements that run before the deletion.
    private static func faults(in scene: QueueScene, after change: [String] = []) async throws -> Set<String> {
        let (owner, example) = (scene.tenants.owner, scene.tenants.example)
        try await plant(scene)
        for statement in change { try await owner.execute(PostgresQuery(unescaped: statement)) }
        let tables = try await tables(in: scene)
        try await owner.execute("CREATE SCHEMA before")
        for table in tables.keys {
            try await owner.execute("CREATE TABLE before.\(unescaped: table) AS TABLE public.\(unescaped: table)")
        }

        try await delete(scene)
        try await cleanUp(scene)
        // Until then a statement needs the account's own minutes.
        try await owner.execute("UPDATE usage_months SET closed_at = now() WHERE tenant_id = \(example)")
        try await delete(scene)

        var faults = Set(kept.keys.filter { tables[$0] == nil }.map { "\($0): there is no such table" })
        for (table, column) in tables {
            guard let column else {
                faults.insert("\(table): it has no tenant_id")
                continue
            }
            faults.formUnion(try await self.faults(of: table, whose: column, in: scene))
        }
        return faults
    }

    /// What is wrong with what is left of one table.
    ///
    /// - Parameter tenantColumn: says whose row it is.
    private static func faults(
        of table: String, whose tenantColumn: String, in scene: QueueScene
    ) async throws -> Set<String> {
        let (owner, example) = (scene.tenants.owner, scene.tenants.example)
        func exists(_ query: PostgresQuery) async throws -> Bool {
            try await owner.query("SELECT EXISTS (\(query))")[0].decode(Bool.self)
        }
        let (now, before): (PostgresQuery, PostgresQuery) = ("public.\(unescaped: table)", "before.\(unescaped: table)")
        let theirs: PostgresQuery = "\(unescaped: tenantColumn) = \(example)"
        var faults: Set<String> = []
        if !written.contains(table), try await !exists("SELECT FROM \(before) WHERE \(theirs)") {
            faults.insert("\(table): no row was planted")
        }
        let mayStay: PostgresQuery = "\(unescaped: kept[table]?.rows ?? "false")"
        if try await exists("SELECT FROM \(now) WHERE \(theirs) AND NOT (\(mayStay))") {
            faults.insert("\(table): a row is left")
        }
        guard let columns = kept[table]?.columns else { return faults }
        for column in try await self.columns(of: table, in: scene).subtracting(columns) {
            let value: PostgresQuery = "\(unescaped: column)::text"
            if try await !exists("SELECT FROM \(before) WHERE \(theirs) AND \(value) IS NOT NULL") {
                faults.insert("\(table).\(column): no value was planted")
            }
            let values: PostgresQuery = "SELECT \(value) FROM \(before) WHERE \(theirs)"
            if try await exists("SELECT FROM \(now) WHERE \(theirs) AND \(value) IN (\(values))") {
                faults.insert("\(table).\(column): a value is left")
            }
        }
        return faults
    }

    /// Every table with rows of accounts, and the column that says whose a row is. These are `tenants`, whatever has a `tenant_id` or a
    /// policy, and whatever refers to one of them.
    private static func tables(in scene: QueueScene) async throws -> [String: String?] {
        let rows = try await scene.tenants.owner.query(
            """
            WITH RECURSIVE theirs AS (
                SELECT c.oid FROM pg_class c
                WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
                    AND (c.relname = 'tenants'
                        OR EXISTS (
                            SELECT FROM pg_attribute a
                            WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
                        OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))
                UNION
                SELECT f.conrelid FROM pg_constraint f JOIN theirs t ON t.oid = f.confrelid WHERE f.contype = 'f')
            SELECT c.relname::text, a.attname::text FROM theirs t JOIN pg_class c ON c.oid = t.oid
            LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
                AND a.attname = CASE c.relname WHEN 'tenants' THEN 'id' ELSE 'tenant_id' END
            """
        ).map { try $0.decode(String.self, String?.self) }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    private static func columns(of table: String, in scene: QueueScene) async throws -> Set<String> {
        Set(
            try await scene.tenants.owner.query(
                """
                SELECT column_name::text FROM information_schema.columns
                WHERE table_schema = 'public' AND table_name = \(table)
                """
            ).map { try $0.decode(String.self) })
    }

    /// Gives the account rows in every table: a job that failed, one that is at work, one that waits, and all that belongs to them.
    private static func plant(_ scene: QueueScene) async throws {
        let (tenants, owner, example) = (scene.tenants, scene.tenants.owner, scene.tenants.example)
        _ = try await tenants.issueKey(for: example)
        try await owner.execute(
            "UPDATE api_keys SET allowed_addresses = '{192.0.2.0/24}', told_expires_at = now(), expires_at = now() + interval '1 day'"
        )
        try await owner.execute("INSERT INTO used_tokens VALUES (\(example), 'token', now() + interval '1 hour')")
        try await tenants.makeSecrets()
        for _ in 0..<2 { try await scene.submit() }
        try await scene.submitURL()
        try await owner.execute("UPDATE jobs SET webhook_url = 'https://holunder.example/hook'")
        let claims = try await scene.first.claim(limit: 2)
        try #require(claims.count == 2)
        let (failed, running) = (claims[0].job, claims[1].job)
        try await scene.write(claims[0]) { try $0.failJob(.internal, keepingSourceFor: .seconds(3600), in: $1) }
        try await owner.transaction { transaction in
            try transaction.execute(
                """
                UPDATE jobs SET source_name = 'meier.wav', source_bytes = 1000, source_sha256 = sha256('Meier'), language_requested = 'de',
                    speakers_expected = 2, speakers_min = 1, speakers_max = 3, metadata = '{"patient": "Meier"}', language = 'de',
                    language_confidence = 0.5, engine = 'whisper_base', source_kept_until = now() + interval '1 hour'
                """)
            try transaction.execute(
                "INSERT INTO transcripts (tenant_id, job_id, body) VALUES (\(example), \(failed), 'words')")
            try transaction.execute(
                """
                INSERT INTO chunks (
                    tenant_id, job_id, chunk, start_sample, end_sample, audio_start_sample, audio_end_sample, result)
                VALUES (\(example), \(running), 0, 0, 16000, 0, 16000, 'words')
                """)
            try transaction.execute(
                """
                INSERT INTO sections (tenant_id, job_id, section, first_chunk, last_chunk, result)
                VALUES (\(example), \(running), 0, 0, 0, 'voices')
                """)
            try transaction.execute(
                """
                INSERT INTO engine_tickets (tenant_id, job_id, chunk, attempt, engine, ticket, submitted_at)
                SELECT tenant_id, id, 0, 1, 'elsewhere', 'copy', now() FROM jobs WHERE tenant_id = \(example)
                """)
            try transaction.execute(
                """
                INSERT INTO idempotency_keys (tenant_id, key, fingerprint, job_id, response)
                VALUES (\(example), 'key', sha256('x'), \(failed), 'y')
                """)
            try transaction.execute(
                """
                INSERT INTO webhook_attempts (tenant_id, event_id, number, at, status_code, latency_ms)
                SELECT tenant_id, id, 1, now(), 503, 12 FROM webhook_events WHERE tenant_id = \(example)
                """)
            try transaction.execute(
                """
                INSERT INTO webhook_failing_origins (tenant_id, origin) VALUES (\(example), 'https://holunder.example')
                """)
            try transaction.execute(
                """
                INSERT INTO refresh_tokens (tenant_id, key_id, token_hash, family, expires_at)
                SELECT tenant_id, id, sha256('x'), sha256('x'), now() + interval '1 day' FROM api_keys
                WHERE tenant_id = \(example)
                """)
            try transaction.execute(
                """
                INSERT INTO usage (tenant_id, month, admission, job_id, seconds, plan, included_seconds, accept_overage,
                    admitted_at, growth_places, growth_seconds, growth_included_seconds)
                SELECT tenant_id, month, 1000, \(failed), 59, 'pro', 600, false, now(), '{1001}', '{9}', '{600}'
                FROM usage_months WHERE tenant_id = \(example)
                """)
            try transaction.execute(
                """
                INSERT INTO usage_sums
                SELECT tenant_id, month, 'metadata.patient', 'Meier', 0, 600, false, 0, 'pro', 1, 59, 1001, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')
                FROM usage_months WHERE tenant_id = \(example)
                """)
            try transaction.execute(
                """
                INSERT INTO adjustments (tenant_id, month, amount_cents, reason, author)
                SELECT tenant_id, month, -5, 'goodwill', 'otto' FROM usage_months WHERE tenant_id = \(example)
                """)
            try transaction.execute(
                """
                INSERT INTO statement_lines (tenant_id, month, line, plan, included_minutes, used_seconds,
                    overage_seconds, rate_micros_per_minute, amount_cents, adjustments_cents, total_cents)
                SELECT tenant_id, month, 1, 'pro', 10, 59, 0, 40000, 0, -5, -5 FROM usage_months
                WHERE tenant_id = \(example)
                """)
            try transaction.execute(
                """
                INSERT INTO quota_overrides (tenant_id, monthly_minutes, concurrency, overage_enabled)
                VALUES (\(example), 77, 30, true)
                """)
            try transaction.execute(
                "INSERT INTO billing_details VALUES (\(example), 'Meier GmbH', 'Street 1', 'DE1', 'cost center 7')")
            try transaction.execute(
                """
                INSERT INTO statement_parties
                SELECT tenant_id, month, '{"name":"Verbatim"}', '{"name":"Meier GmbH"}' FROM usage_months
                WHERE tenant_id = \(example)
                """)
            let member = "mem_01JZZZZZZZZZZZZZZZZZZZZZZZ"
            try transaction.execute(
                """
                INSERT INTO members (tenant_id, id, email, role, password_hash)
                VALUES (\(example), \(member), 'ida@meier.example', 'owner', '$argon2id$')
                """)
            try transaction.execute(
                """
                INSERT INTO member_links (tenant_id, token_hash, member_id, expires_at)
                VALUES (\(example), sha256('link'), \(member), now() + interval '1 day')
                """)
            try transaction.execute(
                """
                INSERT INTO member_sessions (tenant_id, token_hash, member_id)
                VALUES (\(example), sha256('session'), \(member))
                """)
            try transaction.execute("INSERT INTO account_limits VALUES (\(example), 500, '{80}', 30)")
            try transaction.execute("INSERT INTO upload_slots VALUES (\(example), 'upload', now())")
            try transaction.execute(
                "INSERT INTO speaker_names SELECT tenant_id, job_id, 'speaker_0', 'Meier' FROM transcripts LIMIT 1")
            try transaction.execute(
                "INSERT INTO word_options SELECT tenant_id, job_id, '{}' FROM transcripts LIMIT 1")
            try transaction.execute(
                "INSERT INTO provenance_records SELECT tenant_id, job_id, 0, 'Meier' FROM transcripts LIMIT 1")
            try transaction.execute(
                """
                INSERT INTO transcript_revisions (tenant_id, job_id, revision, key_id, segments, bytes)
                SELECT tenant_id, job_id, 1, 'Meier', 1, 2 FROM transcripts LIMIT 1
                """)
            try transaction.execute(
                """
                INSERT INTO transcript_corrections (tenant_id, job_id, segment, revision, body)
                SELECT tenant_id, job_id, 0, 1, '{}' FROM transcript_revisions
                """)
            try transaction.execute(
                """
                INSERT INTO usage_alerts
                SELECT tenant_id, month, 'threshold_reached', 'monthly_minutes', 80 FROM usage_months
                WHERE tenant_id = \(example)
                """)
            try AuditEntry(operator: "otto", action: "test", tenant: example).record(in: transaction)
        }
    }

    private static func delete(_ scene: QueueScene) async throws {
        _ = try await TenantDeletion(of: scene.tenants.example, on: scene.tenants.owner, settling: .zero).run(
            by: "olga")
    }

    /// Removes the audio as workers do.
    private static func cleanUp(_ scene: QueueScene) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let stage = CleanStage(
            databases: scene.tenants.databases, storage: try FileStorage(root: folder.path), engine: Elsewhere())
        while let claim = try await scene.first.claimCleanups(limit: 1).first { try await stage.run(claim) }
    }

    /// An external engine that deletes every copy at once.
    private struct Elsewhere: RecognitionEngine {
        func name() async throws -> String { "elsewhere" }

        func recognize(_ chunk: SpeechChunk, ticket: EngineTicket?) async throws -> EngineStep {
            throw EngineError.quotaExceeded
        }

        func forget(_ ticket: EngineTicket) async throws {}
    }
}
