"""What scripts/bench usage starts: `GET /usage` in a month with many records, by day, key and metadata.

Prints a table on standard output, writes the results. Options are checked by the script. Exit 1 with one sentence on standard
error when the service does not start, or when `usage verify` finds a difference."""

import argparse
import datetime
import json
import os
import re
import subprocess
import sys
import time

from bench import machine
from bench.deployment import Deployment
from bench.run import Run, main
from bench.spread import Spread
from bench.table import Table

from .month import fill

CALLS = {
    "one job (yardstick)": "/jobs?limit=1",
    "the month": "/usage",
    "by day": "/usage?group_by=day",
    "by key, 20 of them": "/usage?group_by=key",
    "by a member of the metadata, 50 values": "/usage?group_by=metadata.project",
    "the same, each by day": "/usage?group_by=metadata.project&interval=day",
}

# Each record in the order of the month, with a running sum: what the answer took before sums were kept.
EACH_RECORD = """
EXPLAIN (ANALYZE, TIMING OFF) WITH running AS (
    SELECT s.place, u.plan, s.seconds, s.included_seconds, u.accept_overage, u.rate_micros_per_minute AS rate,
        sum(s.seconds) OVER (ORDER BY s.place) AS total
    FROM usage u CROSS JOIN LATERAL (
        SELECT u.admission AS place,
            (u.seconds - (SELECT coalesce(sum(g), 0) FROM unnest(u.growth_seconds) g))::int8 AS seconds, u.included_seconds
        UNION ALL SELECT * FROM unnest(u.growth_places, u.growth_seconds, u.growth_included_seconds)) s
)
SELECT rate, sum(least(seconds, total - included_seconds)) FROM running
WHERE accept_overage AND seconds > 0 AND total > included_seconds GROUP BY rate
"""


def _bench(run: Run) -> int:
    arguments = run.arguments

    def psql(sql: str) -> str:
        command = [arguments.psql, "-XAtq", "-v", "ON_ERROR_STOP=1", arguments.database_url]
        return subprocess.run(command, input=sql, check=True, capture_output=True, text=True, timeout=1200).stdout

    with run.files() as files:
        deployment = Deployment(run.checkout, files, run.logs, arguments.database_url)
        month = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m")
        psql(fill(month, arguments.records))
        deployment.administer("usage", "verify", "--period", month)
        service = deployment.start_api()
        try:
            seconds: dict[str, list[float]] = {name: [] for name in CALLS}
            for _ in range(arguments.calls):
                for name, path in CALLS.items():
                    begun = time.perf_counter()
                    service.client.get(path)
                    seconds[name].append(time.perf_counter() - begun)
            groups = service.client.get(CALLS["by key, 20 of them"])["groups"]
        finally:
            service.stop()
        each = [float(re.findall(r"Execution Time: ([0-9.]+) ms", psql(EACH_RECORD))[0]) / 1000 for _ in range(5)]
    figures = {name: Spread.of(times) for name, times in seconds.items()}
    figures["each record added up in PostgreSQL (yardstick)"] = Spread.of(each)
    run.keep({name: spread.record() for name, spread in figures.items()})
    about = machine.describe(len(os.sched_getaffinity(0)))
    print(f"{about['cores']} cores of {about['cpu']}; {run.begun.date()}, commit {machine.commit(run.checkout)}")
    print(f"{arguments.records} records, {len(groups)} keys: {json.dumps(groups[0])} …")
    rows = [[name, f"{1000 * one.median:.1f} ms", f"{1000 * one.high:.1f} ms"] for name, one in figures.items()]
    print(Table(["GET", "median", "slowest"], rows).text(), flush=True)
    return 0


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--records", type=int, required=True)
    parser.add_argument("--calls", type=int, required=True)


if __name__ == "__main__":
    sys.exit(main("usage", _options, _bench, subprocess.SubprocessError))
