"""Events that wait to be sent, as the outcomes of jobs leave them: accounts and secrets made by verbatim-admin, jobs
with their events written by SQL, for ten thousand recordings would take days."""

import subprocess
from dataclasses import dataclass

from bench.deployment import Deployment
from bench.service import ServiceError

GOOD, NEWCOMERS, HOLE = "backlog", "newcomer", "hole"
"""The first parts of paths."""


@dataclass(frozen=True)
class Account:
    id: str
    secret: str


class Database:
    """One database, through psql."""

    def __init__(self, psql: str, url: str) -> None:
        self._command = [psql, "-qAtX", "-v", "ON_ERROR_STOP=1", url]

    def run(self, sql: str) -> list[list[str]]:
        """The rows of the last query. Raises `ServiceError`."""
        done = subprocess.run([*self._command, "-f", "-"], input=sql, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            raise ServiceError(f"the database refused: {done.stderr.strip().splitlines()[0]}")
        return [line.split("|") for line in done.stdout.splitlines()]

    def open(self) -> subprocess.Popen:
        """A session that runs what is written to its standard input."""
        return subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, bufsize=1
        )


def make_account(deployment: Deployment, name: str) -> Account:
    tenant = deployment.administer("tenant", "create", "--name", name, "--plan", "business")["tenant_id"]
    return Account(tenant, deployment.administer("webhook-secret", "create", "--tenant", tenant)["secret"])


def endpoints(tenant: str, urls: list[str]) -> str:
    """SQL that makes them known."""
    rows = ", ".join(f"('{tenant}', '{url}')" for url in urls)
    return f"INSERT INTO webhook_endpoints (tenant_id, url) VALUES {rows};"


def events(tenant: str, urls: list[str], numbers: range) -> str:
    """SQL that ends a job for each number, and tells the addresses in turn. A number has one event in the database."""
    listed = ", ".join(f"'{url}'" for url in urls)
    return f"""
        WITH ended AS (
            SELECT 'job_' || lpad(n::text, 26, '0') AS job, 'evt_' || lpad(n::text, 26, '0') AS event,
                (ARRAY[{listed}])[1 + n % {len(urls)}] AS url, date_trunc('milliseconds', clock_timestamp()) AS at,
                '{{"order": "A-' || n || '", "customer": "an account with a name", "priority": false}}' AS metadata
            FROM generate_series({numbers.start}, {numbers.stop - 1}) n
        ), jobs AS (
            INSERT INTO jobs (
                tenant_id, id, status, created_at, completed_at, diarize, language_requested, metadata,
                max_duration_ms, source_type, source_name, webhook_url, samples_total, language, engine)
            SELECT '{tenant}', job, 'completed', at, at, true, 'auto', metadata::json, 36000000, 'upload',
                'recording.wav', url, 41600, 'en', 'whisper_base' FROM ended
        )
        INSERT INTO webhook_events (tenant_id, id, job_id, event, url, body, created_at, next_attempt_at)
        SELECT '{tenant}', event, job, 'job.completed', url, convert_to(
            '{{"event":"job.completed","event_id":"' || event || '","job_id":"' || job || '","status":"completed",'
            || '"created_at":"' || at || '","completed_at":"' || at || '","duration_seconds":2.6,"language":"en",'
            || '"engine":"whisper_base","metadata":' || metadata || ',"error":null,'
            || '"transcript_url":"https://api.example/jobs/' || job || '/transcript"}}', 'UTF8'), at, at
        FROM ended;
    """


def failed(tenant: str) -> str:
    """SQL that makes the account's events and endpoints ones that fail since two hours; the next try is in one."""
    return f"""
        UPDATE webhook_events SET attempt = 9, schedule_attempts = 9, schedule_started_at = now() - interval '2 hours',
            next_attempt_at = now() + interval '1 hour' WHERE tenant_id = '{tenant}';
        UPDATE webhook_endpoints SET first_failure_at = now() - interval '2 hours' WHERE tenant_id = '{tenant}';
    """
