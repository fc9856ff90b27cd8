"""What scripts/bench webhooks starts: measures, prints the table on standard output, writes the results.

Options are checked by the script. Exit 1 with one sentence on standard error when an event is lost, comes twice or is
not what was written; 3 when the build changed under the measurement: then nothing is published."""

import argparse
import datetime
import json
import os
import pathlib
import shutil
import signal
import sys

from bench import machine
from bench.deployment import build_identity
from bench.service import ServiceError

from . import publication, scenarios, summary, yardsticks
from .measurement import Measurement, Place, measure

CORES = 2
"""What all is confined to: sender, database, receiver and yardsticks."""


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
    cores = machine.confine(CORES)
    os.sched_setaffinity(arguments.database_pid, os.sched_getaffinity(0))  # its connections inherit it
    build, commit = build_identity(checkout), machine.commit(checkout)
    results = checkout / "benchmarks" / "results" / begun.strftime("webhooks-%Y%m%dT%H%M%SZ")
    (results / "logs").mkdir(parents=True)
    files = arguments.folder / "files"
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir(parents=True)
    place = Place(
        checkout, files, results / "logs", arguments.psql, arguments.database_url, arguments.database_pid
    )
    made = scenarios.make(arguments.deliveries)
    measured: list[Measurement] = []
    rods: list[summary.Yardsticks] = []
    _say(f"{arguments.deliveries} deliveries, load {os.getloadavg()[0]:.1f}")
    try:
        for turn in range(1, arguments.rounds + 1):
            rods.append(_yardsticks(place, arguments.deliveries))
            # Machines drift: each round has another order.
            for scenario in list(made.values())[:: 1 if turn % 2 else -1]:
                measured.append(measure(scenario, turn, place))
                _log(results, measured[-1])
    finally:
        shutil.rmtree(files, ignore_errors=True)
    circumstances = summary.Circumstances(
        begun.date().isoformat(), commit, machine.describe(cores), arguments.deliveries, arguments.rounds
    )
    summed = summary.summarise(circumstances, made, measured, rods)
    (results / "summary.json").write_text(json.dumps(summed, indent=1), encoding="utf-8")
    print(publication.text(summed), flush=True)
    _say(f"raw results: {results.relative_to(checkout)}")
    return _publish(arguments, checkout, summed, build_identity(checkout) == build)


def _publish(arguments: argparse.Namespace, checkout: pathlib.Path, summed: dict, is_same_build: bool) -> int:
    if not is_same_build:
        _say("the executables changed meanwhile: these figures are of two builds, none is written.")
        return 3
    if not arguments.write:
        return 0
    if arguments.deliveries < publication.FEWEST:
        _say(f"not published: fewer than {publication.FEWEST} deliveries tell too little.")
        return 0
    publication.publish(checkout / "benchmarks", summed)
    _say("written: benchmarks/README.md, benchmarks/webhooks.json")
    return 0


def _yardsticks(place: Place, deliveries: int) -> summary.Yardsticks:
    found = summary.Yardsticks(
        yardsticks.posts_per_second(place.folder, deliveries), yardsticks.writes_per_second(place)
    )
    _say(f"yardsticks: {found.posts:.0f} bare posts a second, {found.writes:.0f} deliveries' writes a second")
    return found


def _log(folder: pathlib.Path, measurement: Measurement) -> None:
    with open(folder / "measurements.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(measurement.record()) + "\n")
    _say(
        f"round {measurement.round}, {measurement.scenario}: {measurement.rate:.0f} a second,"
        f" {measurement.cpu_milliseconds:.1f} CPU-ms each, others {100 * measurement.reading.others_share:.0f} %"
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="webhooks", description="started by scripts/bench webhooks")
    parser.add_argument("--deliveries", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--psql", required=True)
    parser.add_argument("--database-url", required=True, help="of a database beside which others may be made")
    parser.add_argument("--database-pid", type=int, required=True, help="of its first process")
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="for what the run needs; removed after it")
    parser.add_argument("--write", action="store_true", help="write the files that Git tracks")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
