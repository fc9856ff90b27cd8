"""What scripts/bench http starts: how many answers a second an API node gives, and how long each takes.

Prints a table on standard output, writes the results. Options are checked by the script. Exit 1 with one sentence on standard
error where something fails, an answer with an error included."""

import argparse
import datetime
import json
import os
import pathlib
import random
import re
import subprocess
import sys

from bench import machine
from bench.chart import Bar, Panel, draw
from bench.deployment import Deployment, RunningVerbatim, build_identity
from bench.run import Run, main
from bench.service import ServiceError
from bench.spread import Spread
from bench.table import Table
from usage.month import fill

CONNECTIONS = 64
CLIENTS = 8
FEW = 1_000
ENOUGH_SECONDS, ENOUGH_JOBS = 5, 1_000_000
"""Shorter runs, and fewer jobs, are not published."""

CALLS = {
    "one job": "/jobs/job_#",
    "the list of jobs, 20 of them": "/jobs?limit=20",
    "the month's usage": "/usage",
}

# The transactions of the calls, as psql would write them: statement by statement, each a round trip. `ON false`: the month isn't over,
# as the API's bind says before the statement is planned.
_SETTINGS = """SELECT set_config('role', 'verbatim_app', true), set_config('verbatim.tenant', '{tenant}', true);
"""
_JOB = """
SELECT id, tenant_id, key_id, status, created_at, started_at, completed_at, samples_total, samples_processed, samples_to_process,
    estimated_ms, language, diarize, source_type, source_name, source_url, source_deleted_at, transcript_deleted_at,
    transcript_retention_days, deadline_at, engine, metadata, webhook_url, error_code, error_reason, error_message, is_test
FROM jobs WHERE tenant_id = '{tenant}' AND deleted_at IS NULL AND """
YARDSTICKS = {
    "one job": (
        """
\\set n random(1, {jobs})
BEGIN;
"""
        + _SETTINGS
        + _JOB
        + """id = 'job_' || lpad(:n::text, 26, '0');
COMMIT;
"""
    ),
    "the list of jobs, 20 of them": (
        """
BEGIN;
"""
        + _SETTINGS
        + _JOB
        + """NOT is_test ORDER BY id DESC LIMIT 21;
COMMIT;
"""
    ),
    "the month's usage": (
        """
BEGIN ISOLATION LEVEL REPEATABLE READ;
"""
        + _SETTINGS
        + """
SELECT p.name AS plan, p.queue_class, p.overage_micros_per_minute,
    coalesce(q.monthly_minutes, p.monthly_minutes) AS monthly_minutes,
    coalesce(q.max_file_bytes, p.max_file_bytes) AS max_file_bytes,
    coalesce(q.max_duration_seconds, p.max_duration_seconds) AS max_duration_seconds,
    coalesce(q.concurrency, p.concurrency) AS concurrency, coalesce(q.overage_enabled, false) AS overage_enabled,
    coalesce(q.queueing_enabled, true) AS queueing_enabled,
    least(q.overage_cap_cents, a.overage_cap_cents) AS overage_cap_cents
FROM tenants t JOIN plans p ON p.name = t.plan LEFT JOIN quota_overrides q ON q.tenant_id = t.id
LEFT JOIN account_limits a ON a.tenant_id = t.id WHERE t.id = '{tenant}';

SELECT t.id, coalesce(a.plan, t.plan), coalesce(a.included_seconds / 60, q.monthly_minutes, p.monthly_minutes)::int8,
    CASE WHEN a.plan IS NULL THEN p.overage_micros_per_minute ELSE a.rate_micros_per_minute END, m.closed_at,
    coalesce((SELECT sum(c.amount_cents) FROM adjustments c WHERE c.tenant_id = t.id AND c.month = '{month}'), 0)::int8
FROM tenants t JOIN plans p ON p.name = t.plan LEFT JOIN quota_overrides q ON q.tenant_id = t.id
LEFT JOIN usage_months m ON m.tenant_id = t.id AND m.month = '{month}'
LEFT JOIN LATERAL (
    SELECT u.plan, u.included_seconds, u.rate_micros_per_minute FROM (
        SELECT admission, plan, included_seconds, rate_micros_per_minute FROM usage
        WHERE tenant_id = t.id AND month = '{month}'
        UNION ALL
        SELECT admission, plan, included_seconds, rate_micros_per_minute FROM reservations
        WHERE tenant_id = t.id AND month = '{month}') u
    ORDER BY u.admission DESC LIMIT 1) a ON false
WHERE (t.created_at < '{month}-01'::timestamptz + interval '1 month' OR m.tenant_id IS NOT NULL) AND (t.status <> 'deleted'
    OR EXISTS (SELECT FROM usage u WHERE u.tenant_id = t.id AND u.month = '{month}')
    OR EXISTS (SELECT FROM reservations r WHERE r.tenant_id = t.id AND r.month = '{month}')
    OR EXISTS (SELECT FROM adjustments a WHERE a.tenant_id = t.id AND a.month = '{month}')
    OR EXISTS (SELECT FROM statement_lines l WHERE l.tenant_id = t.id AND l.month = '{month}')) AND t.id = '{tenant}'
ORDER BY t.id;

SELECT block, included_seconds, accept_overage, rate_micros_per_minute, plan, jobs, seconds, last_place
FROM usage_sums WHERE tenant_id = '{tenant}' AND month = '{month}' AND dimension = 'day';

SELECT used_seconds, reserved_seconds, admissions, closed_at IS NOT NULL FROM usage_months
WHERE tenant_id = '{tenant}' AND month = '{month}';

SELECT running_jobs, queued_jobs FROM tenant_load WHERE tenant_id = '{tenant}';
COMMIT;
"""
    ),
}


def _bench(run: Run) -> int:
    arguments = run.arguments
    build = build_identity(run.checkout)
    cores = run.confine(len(os.sched_getaffinity(0)))
    measured: dict[str, list[dict]] = {}
    with run.files() as files:
        for jobs in (FEW, arguments.jobs):
            _measure(run, files / str(jobs), jobs, measured)
    summary = {
        "machine": {"cores_used": cores, **machine.describe(cores)},
        "date": str(run.begun.date()),
        "commit": machine.commit(run.checkout),
        "rounds": arguments.rounds,
        "seconds": arguments.seconds,
        "jobs": arguments.jobs,
        "figures": {
            name: {key: Spread.of(one[key] for one in records).record() for key in ("rate", "p50_ms", "p99_ms")}
            for name, records in measured.items()
        },
    }
    run.keep(summary)
    print(f"{_heading(summary)}\n\n{_table(summary).text()}", flush=True)
    run.say_where()
    too_little = None
    if arguments.seconds < ENOUGH_SECONDS or arguments.jobs < ENOUGH_JOBS:
        too_little = f"{arguments.seconds} s and {arguments.jobs} jobs"
    return run.publish(build, too_little, lambda: _publish(run, summary), "benchmarks/README.md, benchmarks/http.json")


def _measure(run: Run, folder: pathlib.Path, jobs: int, measured: dict[str, list[dict]]) -> None:
    """All calls and the yardstick, in a database with so many jobs of one account, in turns."""
    name = f"jobs_{jobs}"
    _psql(run, run.arguments.database_url, f"CREATE DATABASE {name}")
    url = run.arguments.database_url.replace("/verbatim?", f"/{name}?")
    logs = run.logs / name
    logs.mkdir()
    deployment = Deployment(run.checkout, folder, logs, url)
    month = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m")
    # All of it within the quota, as most accounts' months are. scripts/bench usage measures the others.
    _psql(run, url, fill(month, jobs, within_quota=2))
    _psql(run, url, "VACUUM ANALYZE")
    tenant = _psql(run, url, "SELECT id FROM tenants").strip()
    scripts = {}
    for number, (call, text) in enumerate(YARDSTICKS.items()):
        scripts[call] = folder / f"yardstick-{number}.sql"
        scripts[call].write_text(text.format(jobs=jobs, tenant=tenant, month=month), encoding="utf-8")
    service = deployment.start_api()
    try:
        cells = {call: lambda path=path: _wrk(run, service, path, jobs) for call, path in CALLS.items()}
        cells |= {_yardstick(call): lambda script=script: _pgbench(run, url, script) for call, script in scripts.items()}
        for _ in range(run.arguments.rounds):
            for cell in random.sample(list(cells), len(cells)):
                record = cells[cell]()
                measured.setdefault(f"{cell}, {jobs}", []).append(record)
                run.log({"name": cell, "jobs": jobs, **record})
    finally:
        service.stop()


def _psql(run: Run, url: str, sql: str) -> str:
    command = [run.arguments.psql, "-XAtq", "-v", "ON_ERROR_STOP=1", url]
    done = subprocess.run(command, input=sql, capture_output=True, text=True, timeout=3600)
    if done.returncode != 0:
        raise ServiceError(f"psql failed: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout


def _wrk(run: Run, service: RunningVerbatim, path: str, jobs: int) -> dict:
    script = pathlib.Path(__file__).with_name("calls.lua")
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{run.arguments.seconds}s", "--timeout", "30s", "-s", str(script)]
    environment = {**os.environ, "BENCH_PATH": path, "BENCH_JOBS": str(jobs), "BENCH_TOKEN": service.client.token}
    done = subprocess.run(
        [*command, service.address], env=environment, capture_output=True, text=True, timeout=run.arguments.seconds + 60
    )
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        raise ServiceError(f"wrk failed: {done.stderr.strip().splitlines()[-1:]}")
    record = json.loads(lines[-1])
    if record["failed"]:
        raise ServiceError(f"{record['failed']} of {record['answers']} answers to GET {path} were errors")
    return record


def _pgbench(run: Run, url: str, script: pathlib.Path) -> dict:
    command = [str(pathlib.Path(run.arguments.psql).with_name("pgbench")), "-n", "-M", "prepared", "-f", str(script), "-l"]
    command += ["--log-prefix", str(script.with_name("pgbench")), "-c", str(CLIENTS), "-j", "2"]
    done = subprocess.run(
        [*command, "-T", str(run.arguments.seconds), url], capture_output=True, text=True, timeout=run.arguments.seconds + 60
    )
    told = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    if done.returncode != 0 or not told:
        raise ServiceError(f"pgbench failed: {done.stderr.strip().splitlines()[-1:]}")
    times = []
    for log in script.parent.glob("pgbench.*"):
        times += [int(line.split()[2]) / 1000 for line in log.read_text().splitlines()]
        log.unlink()
    times.sort()
    return {"rate": float(told[1]), "p50_ms": times[len(times) // 2], "p99_ms": times[len(times) * 99 // 100]}


def _yardstick(call: str) -> str:
    return f"pgbench, {call}"


def _heading(summary: dict) -> str:
    return (
        f"wrk with {CONNECTIONS} connections, pgbench with {CLIENTS} clients, {summary['seconds']} s each; rounds:"
        f" {summary['rounds']}; {summary['date']}, commit {summary['commit']}"
    )


def _table(summary: dict) -> Table:
    figures = summary["figures"]

    def cells(name: str, call: str, jobs: int) -> list[str]:
        one = figures[f"{name}, {jobs}"]
        rate = one["rate"]
        share = rate["median"] / figures[f"{_yardstick(call)}, {jobs}"]["rate"]["median"]
        return [
            Spread(rate["median"], rate["low"], rate["high"]).text(0),
            f"{share:.2f}",
            f"{one['p50_ms']['median']:.1f} ms",
            f"{one['p99_ms']['median']:.1f} ms",
        ]

    rows = []
    for jobs in (FEW, summary["jobs"]):
        for call in CALLS:
            rows.append([f"GET {call}; {jobs:,} jobs", *cells(call, call, jobs)])
            rows.append([f"pgbench, the same transaction; {jobs:,} jobs", *cells(_yardstick(call), call, jobs)])
    return Table(["", "a second", "of pgbench", "median", "99 % within"], rows)


def _publish(run: Run, summary: dict) -> None:
    about = summary["machine"]
    parts = [
        f"Machine: {about['cores_used']} of {about['cores']} cores of {about['cpu']}, {about['memory_gb']} GB,"
        f" {about['system']}. wrk, the API node and PostgreSQL share the cores.",
        "![Answers a second](http.svg)",
        f"{_heading(summary)}.",
        _table(summary).markdown(),
    ]
    run.write_figures(parts, summary, _chart(summary))


def _chart(summary: dict) -> str:
    bars = []
    for jobs in (FEW, summary["jobs"]):
        for call in CALLS:
            for name in (call, _yardstick(call)):
                rate = summary["figures"][f"{name}, {jobs}"]["rate"]
                label = f"GET {call}" if name == call else "pgbench, the same transaction"
                bars.append(
                    Bar(f"{label}; {jobs:,} jobs", Spread(rate["median"], rate["low"], rate["high"]), is_ours=name == call)
                )
    caption = f"{_heading(summary)} (bar: median, line: lowest to highest)"
    return draw([Panel("Answers a second", "more is better", 0, bars)], caption, labels=330)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--jobs", type=int, required=True)


if __name__ == "__main__":
    sys.exit(main("http", _options, _bench, subprocess.SubprocessError))
