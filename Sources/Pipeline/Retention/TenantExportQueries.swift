import Billing
import Postgres
import Tenancy

extension TenantExport {
    private static let page = 500

    var sections: [Section] {
        [
            account, limits, ownLimits, members, keys, sessions, jobs, wordOptions, speakerNames, revisions, provenance,
            copies,
            idempotencyKeys,
            months, alerts,
            reservations,
            usage, adjustments,
        ]
            + [statements, statementParties, billingDetails, statementName, endpoints, deliveries, attempts, audit]
    }

    /// Calls `body` with each line of a section. A cursor reads them page by page, so that only one page is in memory.
    func forEachLine(
        of section: Section, in transaction: PostgresTransaction, _ body: (String) throws -> Void
    ) throws {
        let cursor = PostgresQuery(unescaped: "export_" + section.type)
        try transaction.execute("SELECT set_config('TimeZone', 'UTC', true)")
        // Customers' JSON may have line ends between its tokens, which become spaces.
        try transaction.execute(
            """
            DECLARE \(cursor) NO SCROLL CURSOR FOR
            SELECT translate(row_to_json(exported)::text, E'\\n\\r', '  ') FROM (
                SELECT \(section.type)::text AS type, content.* FROM (\(section.rows)) content) exported
            """)
        while true {
            let lines = try transaction.all("FETCH \(unescaped: "\(Self.page)") FROM \(cursor)", as: String.self)
            for line in lines { try body(line) }
            if lines.count < Self.page { break }
        }
        try transaction.execute("CLOSE \(cursor)")
    }

    /// Returns the stored transcript of the next job after `job`, with its corrections.
    func transcript(
        after job: String, in transaction: PostgresTransaction
    ) throws -> (JobID, StoredTranscript)? {
        let next = try transaction.first(
            "SELECT job_id FROM transcripts WHERE tenant_id = \(tenant) AND job_id > \(job) ORDER BY job_id LIMIT 1",
            as: JobID.self)
        guard let next else { return nil }
        return try StoredTranscript.findLatest(next, of: tenant, in: transaction).map { (next, $0) }
    }

    private var wordOptions: Section {
        Section(
            type: "word_options",
            rows: "SELECT job_id, options FROM word_options WHERE tenant_id = \(tenant) ORDER BY job_id")
    }

    private var speakerNames: Section {
        Section(
            type: "speaker_name",
            rows: "SELECT job_id, speaker, name FROM speaker_names WHERE tenant_id = \(tenant) ORDER BY job_id, speaker"
        )
    }

    private var revisions: Section {
        Section(
            type: "revision",
            rows: """
                SELECT job_id, revision, key_id, created_at, segments FROM transcript_revisions
                WHERE tenant_id = \(tenant) ORDER BY job_id, revision
                """)
    }

    private var provenance: Section {
        Section(
            type: "provenance_record",
            rows: """
                SELECT job_id, revision, record FROM provenance_records
                WHERE tenant_id = \(tenant) ORDER BY job_id, revision
                """)
    }

    private var account: Section {
        Section(
            type: "account",
            rows: "SELECT id AS tenant_id, name, plan, status, created_at FROM tenants WHERE id = \(tenant)")
    }

    private var limits: Section {
        Section(type: "limits", rows: EffectiveLimits.limitsQuery(of: tenant))
    }

    /// What the account's customer has set.
    private var ownLimits: Section {
        Section(
            type: "own_limits",
            rows:
                "SELECT overage_cap_cents, alert_percents, transcript_retention_days FROM account_limits WHERE tenant_id = \(tenant)"
        )
    }

    private var members: Section {
        Section(
            type: "member",
            rows: """
                SELECT id AS member_id, email, role, created_at, last_sign_in_at, removed_at FROM members
                WHERE tenant_id = \(tenant) ORDER BY id
                """)
    }

    private var keys: Section {
        Section(
            type: "key",
            rows: """
                SELECT id AS key_id, mode, name, scopes, monthly_minutes, allowed_addresses, created_at, expires_at, revoked_at, last_used_at, replaced_by, changed_at
                FROM api_keys WHERE tenant_id = \(tenant) ORDER BY created_at, id
                """)
    }

    private var sessions: Section {
        Section(
            type: "session",
            rows: """
                SELECT key_id, created_at, expires_at, used_at, rotated_at, revoked_at FROM refresh_tokens
                WHERE tenant_id = \(tenant) ORDER BY created_at, token_hash
                """)
    }

    /// All jobs, including the tombstones of deleted ones.
    private var jobs: Section {
        Section(
            type: "job",
            rows: """
                SELECT id AS job_id, key_id, status, created_at, started_at, completed_at, status_changed_at, deleted_at,
                    transcript_deleted_at, diarize, language_requested, speakers_expected, speakers_min, speakers_max, metadata, webhook_url,
                    source_type, source_name, source_url, source_bytes, encode(source_sha256, 'hex') AS source_sha256, source_channels, source_kept_until,
                    source_deleted_at, estimated_ms, round(samples_total / 16000.0, 3) AS duration_seconds, language,
                    language_confidence, engine, diarization, error_code, error_reason, error_message, retried_as, is_test, test_outcome, test_due_at,
                    transcript_retention_days, transcript_due_at, deadline_at, traceparent
                FROM jobs WHERE tenant_id = \(tenant) ORDER BY id
                """)
    }

    /// Copies at external engines that are not deleted yet.
    private var copies: Section {
        Section(
            type: "engine_copy",
            rows: """
                SELECT job_id, chunk AS piece, engine, ticket, submitted_at FROM engine_tickets
                WHERE tenant_id = \(tenant) ORDER BY job_id, chunk, attempt
                """)
    }

    private var idempotencyKeys: Section {
        Section(
            type: "idempotency_key",
            rows: """
                SELECT key AS idempotency_key, key_id, job_id, created_at FROM idempotency_keys
                WHERE tenant_id = \(tenant) ORDER BY key
                """)
    }

    private var months: Section {
        Section(
            type: "month",
            rows: """
                SELECT month AS period, used_seconds, reserved_seconds, admissions, closed_at FROM usage_months
                WHERE tenant_id = \(tenant) ORDER BY month
                """)
    }

    private var alerts: Section {
        Section(
            type: "usage_alert",
            rows: """
                SELECT month AS period, alert, limited_by, percent, created_at FROM usage_alerts
                WHERE tenant_id = \(tenant) ORDER BY month, created_at, limited_by, percent
                """)
    }

    private var reservations: Section {
        Section(
            type: "reservation",
            rows: """
                SELECT month AS period, admission, job_id, seconds, plan, included_seconds, accept_overage,
                    rate_micros_per_minute, admitted_at, growth_places, growth_seconds, growth_included_seconds, key_id
                FROM reservations WHERE tenant_id = \(tenant) ORDER BY month, admission
                """)
    }

    private var usage: Section {
        Section(
            type: "usage",
            rows: """
                SELECT month AS period, admission, job_id, seconds, plan, included_seconds, accept_overage,
                    rate_micros_per_minute, admitted_at, settled_at, growth_places, growth_seconds,
                    growth_included_seconds, key_id
                FROM usage WHERE tenant_id = \(tenant) ORDER BY month, admission
                """)
    }

    private var adjustments: Section {
        Section(
            type: "adjustment",
            rows: """
                SELECT month AS period, amount_cents, reason, created_at FROM adjustments
                WHERE tenant_id = \(tenant) ORDER BY id
                """)
    }

    private var statements: Section {
        Section(
            type: "statement_line",
            rows: """
                SELECT month AS period, line, plan, included_minutes, used_seconds, overage_seconds,
                    rate_micros_per_minute, amount_cents, adjustments_cents, total_cents
                FROM statement_lines WHERE tenant_id = \(tenant) ORDER BY month, line
                """)
    }

    private var statementParties: Section {
        Section(
            type: "statement_parties",
            rows: """
                SELECT month AS period, seller, customer FROM statement_parties WHERE tenant_id = \(tenant) ORDER BY month
                """)
    }

    private var billingDetails: Section {
        Section(
            type: "billing_details",
            rows: """
                SELECT billing_name, billing_address, tax_id, reference FROM billing_details WHERE tenant_id = \(tenant)
                """)
    }

    /// The name of a deleted account, if it is kept for statements.
    private var statementName: Section {
        Section(type: "statement_name", rows: "SELECT name FROM deleted_tenant_names WHERE tenant_id = \(tenant)")
    }

    private var endpoints: Section {
        Section(
            type: "webhook_endpoint",
            rows: """
                SELECT id AS webhook_id, url, events, is_enabled, is_default, created_at, last_success,
                    first_failure_at AS failures_from, failing_since
                FROM webhook_endpoints WHERE tenant_id = \(tenant) ORDER BY url
                """)
    }

    private var deliveries: Section {
        Section(
            type: "delivery",
            rows: """
                SELECT coalesce(event_id, id) AS event_id, endpoint_id AS webhook_id, job_id, event, url, convert_from(body, 'UTF8')::json AS body, created_at,
                    status, attempt, schedule_started_at AS first_try
                FROM webhook_events WHERE tenant_id = \(tenant) ORDER BY id
                """)
    }

    private var attempts: Section {
        Section(
            type: "delivery_attempt",
            rows: """
                SELECT event_id, number, at, status_code, latency_ms, error FROM webhook_attempts
                WHERE tenant_id = \(tenant) ORDER BY event_id, number
                """)
    }

    private var audit: Section {
        Section(
            type: "audit",
            rows: """
                SELECT at, key_id, member_id, action, target, details FROM audit_log WHERE tenant_id = \(tenant) ORDER BY id
                """)
    }
}
