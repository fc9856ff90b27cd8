"""The SQL that fills a queue: accounts with waiting and running jobs, and jobs that ended long ago."""

# Of a running job, so many tasks follow each other.
TASKS = 10
# Of each account, so many jobs run.
RUNNING = 2


def accounts(number: int, waiting: int, priority_percent: int) -> str:
    """`number` accounts, each with `RUNNING` jobs that have begun, somewhere in the row of their tasks, and `waiting` others."""
    return f"""
BEGIN;
INSERT INTO tenants (id, name, plan)
SELECT 'ten_' || lpad(n::text, 26, '0'), 'Benchmark', CASE WHEN n % 100 < {priority_percent} THEN 'business' ELSE 'free' END
FROM generate_series(1, {number}) n;
INSERT INTO tenant_load (tenant_id, queued_jobs, running_jobs)
SELECT 'ten_' || lpad(n::text, 26, '0'), {waiting}, {RUNNING} FROM generate_series(1, {number}) n;
INSERT INTO jobs (tenant_id, id, status, started_at, samples_total, samples_to_process, parts_left, diarize,
    language_requested, max_duration_ms, source_type)
SELECT 'ten_' || lpad(n::text, 26, '0'), 'job_' || lpad((k * {number} + n)::text, 26, '0'),
    CASE WHEN k < {RUNNING} THEN 'processing' ELSE 'queued' END, CASE WHEN k < {RUNNING} THEN now() END,
    CASE WHEN k < {RUNNING} THEN 16000 * {TASKS} END, CASE WHEN k < {RUNNING} THEN 16000 * {TASKS} END,
    CASE WHEN k < {RUNNING} THEN {TASKS} END, false, 'en', 60000, 'upload'
FROM generate_series(0, {RUNNING + waiting} - 1) k, generate_series(1, {number}) n;
INSERT INTO tasks (tenant_id, job_id, kind, part, priority, starts_job)
SELECT 'ten_' || lpad(n::text, 26, '0'), 'job_' || lpad((k * {number} + n)::text, 26, '0'),
    CASE WHEN k < {RUNNING} THEN 'recognize' ELSE 'prepare' END, CASE WHEN k < {RUNNING} THEN n % {TASKS} END,
    CASE WHEN n % 100 < {priority_percent} THEN 0 ELSE 1 END, k >= {RUNNING}
FROM generate_series(0, {RUNNING + waiting} - 1) k, generate_series(1, {number}) n;
INSERT INTO usage_months (tenant_id, month, reserved_seconds, admissions)
SELECT id, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM'), 10 * {RUNNING + waiting}, {RUNNING + waiting} FROM tenants;
INSERT INTO reservations (tenant_id, job_id, month, admission, seconds, plan, included_seconds, accept_overage, admitted_at)
SELECT j.tenant_id, j.id, m.month, row_number() OVER (PARTITION BY j.tenant_id ORDER BY j.id), 10, 'free', 1800, false, now()
FROM jobs j JOIN usage_months m USING (tenant_id);
COMMIT;
VACUUM ANALYZE;
"""


def history(jobs: int) -> str:
    """`jobs` finished jobs of all accounts, each with what is kept of one."""
    return f"""
INSERT INTO jobs (tenant_id, id, status, created_at, started_at, completed_at, status_changed_at, samples_total,
    samples_to_process, samples_processed, parts_left, diarize, language_requested, max_duration_ms, source_type,
    source_deleted_at)
SELECT t.id, 'job_' || lpad(n::text, 26, 'Z'), 'completed', at, at, at, at, 160000, 160000, 160000, 0, false, 'en', 60000,
    'upload', at
FROM generate_series(1, {jobs}) n
JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place, count(*) OVER () AS all_of_them FROM tenants) t
    ON t.place = n % t.all_of_them + 1,
    LATERAL (SELECT now() - interval '90 days' + n * interval '1 second' AS at) p;
VACUUM ANALYZE;
"""
