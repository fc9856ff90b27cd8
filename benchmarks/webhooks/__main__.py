"""What scripts/bench webhooks starts: measures, prints the table on standard output, writes the results.

Options are checked by the script. Exit 1 with one sentence on standard error when an event is lost, comes twice or is
not what was written; 3 when the build changed under the measurement: then nothing is published."""

import argparse
import os
import sys

from bench import machine
from bench.deployment import build_identity
from bench.run import Run, main, say

from . import publication, scenarios, summary, yardsticks
from .measurement import Measurement, Place, measure

CORES = 2
"""What all is confined to: sender, database, receiver and yardsticks."""


def _bench(run: Run) -> int:
    arguments = run.arguments
    cores = run.confine(CORES)
    build, commit = build_identity(run.checkout), machine.commit(run.checkout)
    made = scenarios.make(arguments.deliveries)
    measured: list[Measurement] = []
    rods: list[summary.Yardsticks] = []
    say(f"{arguments.deliveries} deliveries, load {os.getloadavg()[0]:.1f}")
    with run.files() as files:
        place = Place(
            run.checkout, files, run.logs, arguments.psql, arguments.database_url, arguments.database_pid
        )
        for turn in range(1, arguments.rounds + 1):
            rods.append(_yardsticks(place, arguments.deliveries))
            # Machines drift: each round has another order.
            for scenario in list(made.values())[:: 1 if turn % 2 else -1]:
                measured.append(measure(scenario, turn, place))
                _log(run, measured[-1])
    circumstances = summary.Circumstances(
        run.begun.date().isoformat(), commit, machine.describe(cores), arguments.deliveries, arguments.rounds
    )
    summed = summary.summarize(circumstances, made, measured, rods)
    run.keep(summed)
    print(publication.text(summed), flush=True)
    run.say_where()
    return run.publish(
        build,
        f"fewer than {publication.FEWEST} deliveries" if arguments.deliveries < publication.FEWEST else None,
        lambda: publication.publish(run.checkout / "benchmarks", summed),
        "benchmarks/README.md, benchmarks/webhooks.json",
    )


def _yardsticks(place: Place, deliveries: int) -> summary.Yardsticks:
    found = summary.Yardsticks(
        yardsticks.posts_per_second(place.folder, deliveries), yardsticks.writes_per_second(place)
    )
    say(f"yardsticks: {found.posts:.0f} bare posts a second, {found.writes:.0f} deliveries' writes a second")
    return found


def _log(run: Run, measurement: Measurement) -> None:
    run.log(measurement.record())
    say(
        f"round {measurement.round}, {measurement.scenario}: {measurement.rate:.0f} a second,"
        f" {measurement.cpu_milliseconds:.1f} CPU-ms each, others {100 * measurement.reading.others_share:.0f} %"
    )


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--deliveries", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)


if __name__ == "__main__":
    sys.exit(main("webhooks", _options, _bench))
