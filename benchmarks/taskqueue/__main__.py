"""What scripts/bench queue starts: how many empty tasks are claimed and finished in a second.

Prints a table on standard output, writes the results. Options are checked by the script. Exit 1 with one sentence on standard
error where something fails."""

import argparse
import json
import os
import pathlib
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench import machine
from bench.chart import Bar, Panel, draw
from bench.deployment import Deployment, build_identity
from bench.run import Run, main
from bench.service import ServiceError
from bench.spread import Spread
from bench.table import Table

from . import fill

CONNECTIONS = 8
FEW, MANY = 100, 10_000
BATCHES = 1, 4, 8
PEER_TASKS = 10_000
ENOUGH_SECONDS, ENOUGH_HISTORY = 5, 1_000_000
"""Shorter runs, and smaller histories, are not published."""

SCENES = {
    "few": f"{FEW} waiting accounts",
    "many": f"{MANY:,} waiting accounts",
    "history": "the same, and many finished jobs",
    "pinned": "the same, and an old transaction",
}

# One claim and one end of a task in the simplest form that is durable, without turns, leases or checks.
YARDSTICK = """
\\set n random(1, 100000)
BEGIN;
UPDATE yardstick SET value = value + 1 WHERE id = :n;
INSERT INTO yardstick_done (id) VALUES (:n);
COMMIT;
"""


class Databases:
    """Databases beside the empty one that the run was given, made from filled ones."""

    def __init__(self, run: Run) -> None:
        self._psql, self._url = run.arguments.psql, run.arguments.database_url

    def url(self, name: str) -> str:
        return self._url.replace("/verbatim?", f"/{name}?")

    def sql(self, text: str, name: str = "verbatim") -> None:
        command = [self._psql, "-Xq", "-v", "ON_ERROR_STOP=1", self.url(name)]
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=3600)
        if done.returncode != 0:
            raise ServiceError(f"psql failed: {done.stderr.strip().splitlines()[-1:]}")

    @contextmanager
    def copy(self, name: str, template: str = "template1") -> Iterator[str]:
        """A copy of a database, as its URL; it goes afterward."""
        self.sql(f"DROP DATABASE IF EXISTS {name}")
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        self.sql("CHECKPOINT")
        try:
            yield self.url(name)
        finally:
            self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def pinned(self, name: str) -> Iterator[None]:
        """While an old transaction keeps PostgreSQL from removing dead rows."""
        command = [self._psql, "-Xq", "-v", "ON_ERROR_STOP=1", self.url(name)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
            session.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT count(*) FROM tenants;\n\\echo ready\n")
            session.stdin.flush()
            while "ready" not in (line := session.stdout.readline()):
                if not line:
                    raise ServiceError("the old transaction could not be opened")
            try:
                yield
            finally:
                session.stdin.close()


def _bench(run: Run) -> int:
    arguments = run.arguments
    databases, build = Databases(run), build_identity(run.checkout)
    cores = run.confine(len(os.sched_getaffinity(0)))
    with run.files() as files:
        _fill(run, databases, files)
        cells = _cells(run, databases)
        rates: dict[str, list[dict]] = {name: [] for name in cells}
        for _ in range(arguments.rounds):
            for name in random.sample(list(cells), len(cells)):
                rates[name].append(cells[name]())
                run.log({"name": name, **rates[name][-1]})
    summary = {
        "machine": {"cores_used": cores, **machine.describe(cores)},
        "date": str(run.begun.date()),
        "commit": machine.commit(run.checkout),
        "rounds": arguments.rounds,
        "seconds": arguments.seconds,
        "history": arguments.history,
        "rates": {name: Spread.of(one["rate"] for one in all_of_it).record() for name, all_of_it in rates.items()},
        "claim_p99_ms": {
            name: Spread.of(one["claim_ms"]["p99"] for one in all_of_it).record()
            for name, all_of_it in rates.items()
            if "claim_ms" in all_of_it[0]
        },
    }
    run.keep(summary)
    print("\n\n".join([_heading(summary), *(table.text() for table in _tables(summary))]), flush=True)
    run.say_where()
    too_little = None
    if arguments.seconds < ENOUGH_SECONDS or arguments.history < ENOUGH_HISTORY:
        too_little = f"{arguments.seconds} s and {arguments.history} finished jobs"
    return run.publish(build, too_little, lambda: _publish(run, summary), "benchmarks/README.md, benchmarks/queue.json")


def _fill(run: Run, databases: Databases, files: pathlib.Path) -> None:
    Deployment(run.checkout, files / "empty", run.logs, run.arguments.database_url)
    for name, number, waiting in [("few", FEW, 800), ("many", MANY, 8)]:
        databases.sql(f"CREATE DATABASE {name} TEMPLATE verbatim")
        databases.sql(fill.accounts(number, waiting, priority_percent=10), name)
    databases.sql("CREATE DATABASE history TEMPLATE many")
    databases.sql(fill.history(run.arguments.history), "history")


def _cells(run: Run, databases: Databases) -> dict:
    """What is measured, each as a function that returns a record with its rate."""
    program = run.checkout / ".build" / "release" / "QueueBench"

    def ours(template: str, batch: int, is_pinned: bool = False):
        def measure() -> dict:
            with databases.copy("measured", template) as url:
                command = [str(program), url, str(CONNECTIONS), str(batch), str(run.arguments.seconds)]
                if is_pinned:
                    with databases.pinned("measured"):
                        return _record(command)
                return _record(command)

        return measure

    def peer(name: str):
        def measure() -> dict:
            with databases.copy("peer", "template0") as url:
                script = pathlib.Path(__file__).with_name("peers.py")
                return _record([run.arguments.peers, "-B", str(script), name, url, str(PEER_TASKS)])

        return measure

    cells = {"pgbench": lambda: _yardstick(run, databases)}
    if run.arguments.peers:
        cells |= {name: peer(name) for name in ("procrastinate", "pgqueuer")}
    for batch in BATCHES:
        cells |= {
            f"few {batch}": ours("few", batch),
            f"many {batch}": ours("many", batch),
            f"history {batch}": ours("history", batch),
            f"pinned {batch}": ours("history", batch, is_pinned=True),
        }
    return cells


def _record(command: list[str]) -> dict:
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        raise ServiceError(f"{command[0]} ended with {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
    return json.loads(lines[-1])


def _yardstick(run: Run, databases: Databases) -> dict:
    with databases.copy("yardstick", "template0") as url:
        databases.sql(
            "CREATE TABLE yardstick AS SELECT id, 0 AS value FROM generate_series(1, 100000) id;"
            "ALTER TABLE yardstick ADD PRIMARY KEY (id); CREATE TABLE yardstick_done (id int)",
            "yardstick",
        )
        script = run.arguments.folder / "files" / "yardstick.sql"
        script.write_text(YARDSTICK, encoding="utf-8")
        command = [str(pathlib.Path(run.arguments.psql).with_name("pgbench")), "-n", "-M", "prepared", "-f", str(script)]
        command += ["-c", str(CONNECTIONS), "-j", "2", "-T", str(run.arguments.seconds), url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        told = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
        if done.returncode != 0 or not told:
            raise ServiceError(f"pgbench failed: {done.stderr.strip().splitlines()[-1:]}")
        # A claim and an end are two transactions.
        return {"rate": float(told[1]) / 2}


def _heading(summary: dict) -> str:
    return (
        f"{CONNECTIONS} connections, {summary['seconds']} s each; rounds: {summary['rounds']}; {summary['date']}, commit"
        f" {summary['commit']}"
    )


def _tables(summary: dict) -> list[Table]:
    rates = summary["rates"]

    def rate(name: str) -> str:
        one = rates.get(name)
        return Spread(one["median"], one["low"], one["high"]).text(0) if one else "–"

    scenes = {**SCENES, "history": f"the same, and {summary['history']:,} finished jobs"}
    ours = Table(
        ["tasks a second, claimed and finished", *(f"claims of {batch}" for batch in BATCHES)],
        [[label, *(rate(f"{scene} {batch}") for batch in BATCHES)] for scene, label in scenes.items()],
    )
    ratios = Table(
        ["of the rate with 100 accounts", *(f"claims of {batch}" for batch in BATCHES)],
        [
            [label, *(f"{rates[f'{scene} {batch}']['median'] / rates[f'few {batch}']['median']:.2f}" for batch in BATCHES)]
            for scene, label in scenes.items()
            if scene != "few"
        ],
    )
    others = Table(
        ["beside it", "a second"],
        [
            ["pgbench: two transactions of one UPDATE and one INSERT", rate("pgbench")],
            ["procrastinate, one process, eight at a time, no turns", rate("procrastinate")],
            ["pgqueuer, one process, batches of ten, no turns, ends are buffered", rate("pgqueuer")],
        ],
    )
    waits = Table(
        ["99 % of claims took less than", *(f"claims of {batch}" for batch in BATCHES)],
        [
            [label, *(f"{summary['claim_p99_ms'][f'{scene} {batch}']['median']:.0f} ms" for batch in BATCHES)]
            for scene, label in scenes.items()
        ],
    )
    return [ours, ratios, others, waits]


def _publish(run: Run, summary: dict) -> None:
    about = summary["machine"]
    parts = [
        f"Machine: {about['cores_used']} of {about['cores']} cores of {about['cpu']}, {about['memory_gb']} GB,"
        f" {about['system']}.",
        f"{_heading(summary)}.",
        *(table.markdown() for table in _tables(summary)),
    ]
    parts.insert(1, "![Tasks a second](queue.svg)")
    run.write_figures(parts, summary, _chart(summary))


def _chart(summary: dict) -> str:
    about, rates = summary["machine"], summary["rates"]
    labels = {
        "pgbench": "pgbench, two transactions",
        "procrastinate": "procrastinate",
        "pgqueuer": "pgqueuer",
        **{
            f"{scene} {batch}": f"{label}, claims of {batch}"
            for scene, label in SCENES.items()
            for batch in BATCHES
        },
    }
    bars = [
        Bar(label, Spread(one["median"], one["low"], one["high"]), is_ours=" " in name)
        for name, label in labels.items()
        if (one := rates.get(name))
    ]
    caption = (
        f"{CONNECTIONS} connections on {about['cores_used']} cores of {about['cpu']}, rounds: {summary['rounds']}"
        f" (bar: median, line: lowest to highest), {summary['date']}"
    )
    return draw([Panel("Tasks claimed and finished a second", "more is better", 0, bars)], caption, labels=330)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--history", type=int, required=True)
    parser.add_argument("--peers", help="the Python of an environment with the other queues")


if __name__ == "__main__":
    sys.exit(main("queue", _options, _bench, subprocess.SubprocessError))
