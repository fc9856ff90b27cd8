"""What scripts/bench limits starts: many sign-ins of keys and members at once, and submissions with and without a cap.

Prints tables on standard output, writes the results. Options are checked by the script. Exit 1 with one sentence on standard error
when the service does not start, or refuses what it should accept."""

import argparse
import os
import sys

from bench import machine
from bench.client import Refused
from bench.deployment import Deployment
from bench.run import Run, main
from bench.spread import Spread
from bench.table import Table

from . import sign_ins, submissions


def _bench(run: Run) -> int:
    arguments = run.arguments
    with run.files() as files:
        deployment = Deployment(run.checkout, files, run.logs, arguments.database_url)
        service = deployment.start_api()
        try:
            rounds = sign_ins.measure(deployment, service, arguments.rounds)
            calls = submissions.measure(deployment, service, arguments.calls)
        finally:
            service.stop()
    run.keep({"sign_ins": [one.record() for one in rounds], "submissions": calls})
    about = machine.describe(len(os.sched_getaffinity(0)))
    print(f"{about['cores']} cores of {about['cpu']}; {run.begun.date()}, commit {machine.commit(run.checkout)}")
    print(_sign_in_table(rounds).text())
    print(_submission_table(calls).text(), flush=True)
    return 0


def _sign_in_table(rounds: list[sign_ins.Round]) -> Table:
    def row(name: str, values: list[float], unit: str, digits: int) -> list[str]:
        return [name, f"{Spread.of(values).text(digits)} {unit}"]

    return Table(
        [f"{sign_ins.COUNT} sign-ins", "median (lowest–highest)"],
        [
            row("at once: the slowest answer", [one.slowest for one in rounds], "s", 2),
            row("one after the other: all of them (yardstick)", [one.in_turn for one in rounds], "s", 2),
            row("at once ÷ one after the other", [one.slowest / one.in_turn for one in rounds], "", 2),
            row("peak memory at once", [one.peak_bytes / 1e6 for one in rounds], "MB", 0),
            row("memory before", [one.bytes_before / 1e6 for one in rounds], "MB", 0),
        ],
    )


def _submission_table(calls: dict[str, list[float]]) -> Table:
    spreads = {name: Spread.of(seconds) for name, seconds in calls.items()}
    plain = spreads[submissions.PLAIN].median
    return Table(
        ["call", "median", "÷ without a cap"],
        [[name, f"{1000 * one.median:.1f} ms", f"{one.median / plain:.2f}"] for name, one in spreads.items()],
    )


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--calls", type=int, required=True)


if __name__ == "__main__":
    sys.exit(main("limits", _options, _bench, Refused))
