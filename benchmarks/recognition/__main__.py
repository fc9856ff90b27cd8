"""What scripts/bench recognition starts: measures, prints the tables on standard output, writes the results.

Options are checked by the script. Exit 1 with one sentence on standard error when a contender does not start or does
not manage the long file; 3 when the build changed under the measurement: then nothing is published."""

import argparse
import importlib.metadata
import json
import os
import pathlib
import sys
from dataclasses import asdict

from bench import machine
from bench.deployment import build_identity
from bench.run import Run, main, say

from . import contenders, material, publication, recordings, summary, tables
from .answer import Answer
from .measurement import Measurement
from .session import Session

CORES = 2
"""What all contenders are confined to, so that figures of larger machines can be compared: two workers on two halves
are the floor on two cores."""


def _bench(run: Run) -> int:
    arguments = run.arguments
    cores = run.confine(CORES)
    build, commit = build_identity(run.checkout), machine.commit(run.checkout)
    with run.files() as files:
        carried = run.checkout / "Tests" / "Fixtures" / "librivox"
        found = recordings.load(carried, arguments.data)
        made = material.compose(run.checkout, files, found, arguments.minutes, arguments.seed)
        place = contenders.Place(run.checkout, files, run.logs, arguments.database_url, arguments.database_pid)
        chosen = contenders.make(arguments.contenders.split(), place)
        log = _Log(run)
        say(f"{made.whole.duration / 60:.1f} minutes of audio, seed {arguments.seed}, load {os.getloadavg()[0]:.1f}")
        session = Session(chosen, made, log.keep)
        session.run(arguments.rounds, log.write)
    versions = {name: importlib.metadata.version(name) for name in ("jiwer", "simpleder")}
    for contender in chosen.values():
        versions |= contender.versions
    circumstances = summary.Circumstances(
        run.begun.date().isoformat(),
        commit,
        machine.describe(cores),
        versions,
        arguments.minutes,
        arguments.seed,
        arguments.rounds,
    )
    summed = summary.summarize(circumstances, made, session.measurements, session.clip_scores)
    run.keep(summed)
    _print(summed)
    run.say_where()
    return run.publish(
        build,
        f"fewer than {publication.SHORTEST} minutes of audio" if arguments.minutes < publication.SHORTEST else None,
        lambda: publication.publish(run.checkout / "benchmarks", summed),
        "benchmarks/README.md, benchmarks/recognition.json, benchmarks/recognition.svg",
    )


class _Log:
    """The raw results: a JSON line a measurement, and what each contender answered."""

    def __init__(self, run: Run) -> None:
        self._run = run
        (run.results / "answers").mkdir()

    def write(self, measurement: Measurement) -> None:
        self._run.log(measurement.record())
        say(
            f"round {measurement.round}, {measurement.contender}: "
            f"{measurement.duration / measurement.processing_seconds:.1f} × real time, "
            f"{measurement.cpu_per_second:.3f} CPU-s per s, {measurement.reading.peak_bytes_all / 1e6:.0f} MB, "
            f"others {100 * measurement.reading.others_share:.0f} %"
        )

    def keep(self, label: str, answer: Answer) -> None:
        path = self._run.results / "answers" / f"{label}.json"
        path.write_text(json.dumps(asdict(answer), ensure_ascii=False), encoding="utf-8")


def _print(summed: dict) -> None:
    parts = [publication.heading(summed), tables.speed(summed).text(), tables.errors(summed).text()]
    compared = tables.ratios(summed)
    parts += [compared.text()] if compared else []
    parts += ["\n".join(tables.remarks(summed))]
    print("\n\n".join(part for part in parts if part), flush=True)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--contenders", required=True, help="names, separated by spaces")
    parser.add_argument("--data", type=pathlib.Path)


if __name__ == "__main__":
    sys.exit(main("recognition", _options, _bench, recordings.RecordingError, material.MaterialError))
