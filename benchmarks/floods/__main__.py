"""What scripts/bench floods starts: customers' answers while somebody floods the service, beside those of the same run undisturbed.

Prints a table on standard output, writes the results. Options are checked by the script. Exit 1 with one sentence on standard error
when a service does not start, or when fewer of the customers' answers than `FEWEST_RIGHT` were right."""

import argparse
import json
import os
import sys
import time

from bench import machine
from bench.deployment import Deployment
from bench.run import Run, main
from bench.table import Table

from .cases import CASES
from .customers import Answers, Customers

FEWEST_RIGHT = 0.99


def _bench(run: Run) -> int:
    records = []
    with run.files() as files:
        deployment = Deployment(run.checkout, files, run.logs, run.arguments.database_url)
        for name in dict.fromkeys(["nothing", *(run.arguments.case or CASES)]):
            records.append(_measure(name, deployment, run.arguments))
            print(f"{name}: {json.dumps(records[-1])}", file=sys.stderr, flush=True)
    run.keep(records)
    cores = len(os.sched_getaffinity(0))
    about = machine.describe(cores)
    print(f"{about['cores']} cores of {about['cpu']}; {run.begun.date()}, commit {machine.commit(run.checkout)}")
    print(_table(records).text(), flush=True)
    failed = [record["case"] for record in records if record["right"] < FEWEST_RIGHT]
    if failed:
        print(f"scripts/bench: too few of the customers' answers were right under {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def _measure(name: str, deployment: Deployment, arguments: argparse.Namespace) -> dict:
    service = deployment.start_api()
    try:
        customers = Customers(service.address, deployment.key)
        load = os.getloadavg()[0]
        lines = service.log_lines()
        with CASES[name](service.address, arguments.rate) as flood:
            customers.start()
            time.sleep(arguments.seconds)
            answers = customers.stop()
        return {
            "case": name,
            "flood": CASES[name].label,
            "figures": flood.figures(),
            "right": answers.share,
            "answers": answers.count,
            "wrong": answers.wrong,
            "p50": _quantile(answers, 0.5),
            "p99": _quantile(answers, 0.99),
            "log_lines": service.log_lines() - lines,
            "load_before": load,
        }
    finally:
        service.stop()


def _quantile(answers: Answers, share: float) -> float:
    ordered = sorted(answers.seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _table(records: list[dict]) -> Table:
    head = ["flood", "its requests a second", "customers' answers", "right", "p50", "p99", "log lines", "load before"]
    rows = [
        [
            one["flood"],
            f"{one['figures'].get('a second', 0):.0f}",
            str(one["answers"]),
            f"{100 * one['right']:.1f} %",
            f"{1000 * one['p50']:.0f} ms",
            f"{1000 * one['p99']:.0f} ms",
            str(one["log_lines"]),
            f"{one['load_before']:.1f}",
        ]
        for one in records
    ]
    return Table(head, rows)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--rate", type=int, required=True)
    parser.add_argument("--case", action="append", choices=list(CASES))


if __name__ == "__main__":
    sys.exit(main("floods", _options, _bench))
