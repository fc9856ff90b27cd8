"""What scripts/bench floods starts: customers' answers while somebody floods the service, beside those of the same run undisturbed.

Prints a table on standard output, writes the results. Options are checked by the script. Exit 1 with one sentence on standard error
when a service does not start, or when fewer of the customers' answers than `FEWEST_RIGHT` were right."""

import argparse
import datetime
import json
import os
import pathlib
import shutil
import signal
import sys
import time

from bench import machine
from bench.deployment import Deployment
from bench.service import ServiceError
from bench.table import Table

from .cases import CASES
from .customers import Answers, Customers

FEWEST_RIGHT = 0.99


def main() -> int:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    checkout = pathlib.Path(__file__).resolve().parents[2]
    try:
        return _bench(arguments, checkout)
    except (ServiceError, ChildProcessError, OSError) as error:
        print(f"scripts/bench: {error}", file=sys.stderr)
        return 1


def _bench(arguments: argparse.Namespace, checkout: pathlib.Path) -> int:
    begun = datetime.datetime.now(datetime.timezone.utc)
    results = checkout / "benchmarks" / "results" / begun.strftime("floods-%Y%m%dT%H%M%SZ")
    logs, files = results / "logs", arguments.folder / "files"
    logs.mkdir(parents=True)
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir(parents=True)
    records = []
    try:
        deployment = Deployment(checkout, files, logs, arguments.database_url)
        for name in dict.fromkeys(["nothing", *(arguments.case or CASES)]):
            records.append(_measure(name, deployment, arguments))
            print(f"{name}: {json.dumps(records[-1])}", file=sys.stderr, flush=True)
    finally:
        shutil.rmtree(files, ignore_errors=True)
    (results / "summary.json").write_text(json.dumps(records, indent=1), encoding="utf-8")
    cores = len(os.sched_getaffinity(0))
    about = machine.describe(cores)
    print(f"{about['cores']} cores of {about['cpu']}; {begun.date()}, commit {machine.commit(checkout)}")
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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="floods", description="started by scripts/bench floods")
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--rate", type=int, required=True)
    parser.add_argument("--case", action="append", choices=list(CASES))
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
