import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport
import WebhookReceiver

/// An account as it looks after a month of work: for the screenshots in `docs/screenshots/`.
struct RadioStation {
    let deployment: Deployment
    private var tenant: TenantID { deployment.tenants.example }
    private var owner: PostgresPool { deployment.tenants.owner }

    /// Returns the ids of the interview, and of the job that is being transcribed.
    func fill(at node: Node, receiver: WebhookReceiver) async throws -> [String: String] {
        try await owner.execute("UPDATE tenants SET name = 'Harbor Radio', plan = 'pro' WHERE id = \(tenant)")
        let customer = try await deployment.customer(scopes: Set(Scope.allCases), at: node)
        try await owner.execute("UPDATE api_keys SET name = 'Archive import' WHERE tenant_id = \(tenant)")
        var keys: [String] = []
        for (name, scopes) in [("Newsroom", ["jobs:read", "jobs:write"]), ("Subtitles", ["jobs:read"])] {
            let body = try JSONSerialization.data(withJSONObject: ["name": name, "scopes": scopes])
            let key = try await customer.send("POST", "/keys", json: String(decoding: body, as: UTF8.self)).json
            keys.append(key["key_id"] as? String ?? "")
        }
        try await use(minutesOf: keys)
        _ = try await deployment.admin("quota", "set", "--tenant", tenant.rawValue, "--overage", "on")
        _ = try await customer.send("POST", "/webhook-secret/rotate", json: "{}")
        _ = try await customer.send(
            "PUT", "/account/limits", json: #"{"overage_cap_cents":5000,"alert_percents":[50,80,100]}"#)

        let url = "\(receiver.url)/transcripts"
        let endpoint = try await customer.send(
            "POST", "/webhooks", json: #"{"url":"\#(url)","events":["job.completed","job.failed"]}"#
        ).json
        let id = endpoint["id"] as? String ?? ""
        let running = try await jobs()
        try await owner.execute(
            """
            INSERT INTO webhook_events (tenant_id, id, job_id, event, url, endpoint_id, body, status, attempt, schedule_attempts,
                created_at)
            SELECT tenant_id, replace(id, 'job', 'evt'), id, 'job.' || status, \(url), \(id), '{}', 'delivered', 1, 1, completed_at
            FROM jobs WHERE tenant_id = \(tenant) AND status IN ('completed', 'failed')
            """)
        let interview = try await interview(customer)
        return ["job": interview, "running": running, "endpoint": id]
    }

    /// A month in which two keys used minutes on most days.
    private func use(minutesOf keys: [String]) async throws {
        let month = String(Timestamp.now().rfc3339.prefix(7))
        try await owner.execute(
            "INSERT INTO usage_months (tenant_id, month) VALUES (\(tenant), \(month)) ON CONFLICT DO NOTHING")
        for (number, key) in keys.enumerated() {
            try await owner.execute(
                """
                INSERT INTO usage (tenant_id, month, admission, job_id, seconds, plan, included_seconds, accept_overage,
                    rate_micros_per_minute, admitted_at, key_id)
                SELECT \(tenant), \(month), d * 2 + \(number), 'job_' || lpad((d * 2 + \(number))::text, 26, '0'),
                    (1200 + 2000 * abs(sin(d * 2.3 + \(number) * 1.9))) / (1 + \(number)), 'pro', 72000, true, 40000,
                    date_trunc('month', now()) + d * interval '1 day' + interval '9 hours', \(key)
                FROM generate_series(0, extract(day FROM date_trunc('month', now()) + interval '1 month - 1 day')::int - 1) d
                WHERE d % 7 NOT IN (5, 6)
                """)
        }
        try await owner.execute(
            """
            UPDATE usage_months SET admissions = 1000, used_seconds = (
                SELECT sum(seconds) FROM usage u WHERE u.tenant_id = \(tenant) AND u.month = \(month))
            WHERE tenant_id = \(tenant) AND month = \(month)
            """)
    }

    /// The list. Returns the id of the job that is being transcribed.
    private func jobs() async throws -> String {
        for (index, name) in [
            "Council meeting, November.mp3", "Weather desk 0600.wav", "Fish market, raw.m4a", "Night ferry.flac",
            "Lighthouse keepers, part 2.mp3", "Lighthouse keepers, part 1.mp3", "Mayor on the new bridge.wav",
        ].enumerated() {
            // Lists are in the order of ids.
            let id = JobID(at: .now() + .seconds(-3_600 * Int64(3 + 11 * index)))
            try await owner.execute(
                """
                INSERT INTO jobs (tenant_id, id, status, created_at, completed_at, diarize, language_requested, language,
                    metadata, max_duration_ms, source_type, source_name, source_deleted_at, engine, samples_total,
                    error_code, error_reason, error_message)
                SELECT \(tenant), \(id), CASE WHEN failed THEN 'failed' ELSE 'completed' END, at, at, true, 'auto',
                    CASE WHEN NOT failed THEN 'en' END, '{"project":"harbor"}', 36000000, 'upload', \(name), now(),
                    'whisper_large_v3', \(index) * 7700000::int8 + 9600000, CASE WHEN failed THEN 'invalid_audio' END,
                    CASE WHEN failed THEN 'empty_audio' END,
                    CASE WHEN failed THEN 'This file contains no sound.' END
                FROM (SELECT \(index) = 2 AS failed, now() - interval '1 hour' * (3 + 11 * \(index)) AS at) x
                """)
        }
        return try await DashboardJob.running(named: "Morning show, whole.mp3", of: deployment.tenants)
    }

    /// A transcript with named speakers and one correction.
    private func interview(_ customer: Customer) async throws -> String {
        let id = try await DashboardJob(
            name: "Interview with a harbor pilot.m4a", metadata: #"{"project":"harbor","editor":"Mara"}"#,
            turns: try DashboardJob.interview(),
            seconds: 372
        ).insert(of: deployment.tenants)
        let names = #"{"speaker_0":"Mara Lind","speaker_1":"Haldis Moe","speaker_2":"Per Aune"}"#
        _ = try await customer.send("PUT", "/jobs/\(id)/speakers", json: names)
        return id
    }
}
