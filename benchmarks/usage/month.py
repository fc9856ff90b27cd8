"""The SQL that fills a month: records as the pipeline writes them."""


def fill(month: str, records: int, within_quota: float = 0.5) -> str:
    """Of the only account of an empty database. `month`: YYYY-MM, which must have begun. `within_quota`: the share of the seconds that
    the quota holds; above 1, nothing is overage."""
    return f"""
BEGIN;
CREATE TEMP TABLE account AS SELECT id, (SELECT ceil(sum(60 + n % 120) * {within_quota} / 60)::int8 FROM generate_series(1, {records}) n) AS minutes FROM tenants;
UPDATE tenants SET created_at = '2020-01-01';
INSERT INTO quota_overrides (tenant_id, monthly_minutes, overage_enabled) SELECT id, minutes, true FROM account;
INSERT INTO usage_months (tenant_id, month, used_seconds, admissions)
SELECT a.id, '{month}', (SELECT sum(60 + n % 120) FROM generate_series(1, {records}) n), {records} FROM account a;
INSERT INTO jobs (tenant_id, id, status, created_at, started_at, completed_at, status_changed_at, diarize, language_requested,
    metadata, max_duration_ms, source_type, samples_total, key_id)
SELECT a.id, 'job_' || lpad(n::text, 26, '0'), 'completed', t.at, t.at, t.at, t.at, true, 'auto',
    json_build_object('project', 'p' || n % 50), 1, 'upload', (60 + n % 120) * 16000, lpad((n % 20)::text, 12, 'k')
FROM account a, generate_series(1, {records}) n,
    LATERAL (SELECT '{month}-01'::timestamptz + (now() - '{month}-01'::timestamptz) * n / {records} AS at) t;
INSERT INTO usage (tenant_id, month, admission, job_id, seconds, plan, included_seconds, accept_overage,
    rate_micros_per_minute, admitted_at, key_id)
SELECT a.id, '{month}', row_number() OVER (ORDER BY j.id), j.id, j.samples_total / 16000, 'business', a.minutes * 60, true,
    20000, j.created_at, j.key_id
FROM account a, jobs j;
-- What the service adds for each job's metadata.
INSERT INTO usage_sums (tenant_id, month, dimension, value, day, block, included_seconds, accept_overage,
    rate_micros_per_minute, plan, jobs, seconds, last_place)
SELECT u.tenant_id, u.month, 'metadata.project', j.metadata->>'project', to_char(u.admitted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
    u.admission / 1024, u.included_seconds, true, 20000, u.plan, count(*), sum(u.seconds), max(u.admission)
FROM usage u JOIN jobs j ON j.id = u.job_id GROUP BY 1, 2, 3, 4, 5, 6, 7, 10;
COMMIT;
ANALYZE;
"""
