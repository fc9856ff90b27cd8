"""What scripts/bench recognition starts: measures, prints the tables on standard output, writes the results.

Options are checked by the script. Exit 1 with one sentence on standard error when a contender does not start or does
not manage the long file; 3 when the build changed under the measurement: then nothing is published."""

import argparse
import datetime
import importlib.metadata
import json
import os
import pathlib
import shutil
import signal
import sys
from dataclasses import asdict

from bench import machine
from bench.deployment import build_identity
from bench.service import ServiceError

from . import contenders, material, publication, recordings, summary, tables
from .answer import Answer
from .measurement import Measurement
from .session import Session

CORES = 2
"""What all contenders are confined to, so that figures of larger machines can be compared: two workers on two halves
are the floor on two cores."""


def main() -> int:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    checkout = pathlib.Path(__file__).resolve().parents[2]
    try:
        return _bench(arguments, checkout)
    except (ServiceError, ChildProcessError, recordings.RecordingError, material.MaterialError, OSError) as error:
        print(f"scripts/bench: {error}", file=sys.stderr)
        return 1


def _bench(arguments: argparse.Namespace, checkout: pathlib.Path) -> int:
    begun = datetime.datetime.now(datetime.timezone.utc)
    cores = machine.confine(CORES)
    os.sched_setaffinity(arguments.database_pid, os.sched_getaffinity(0))  # its connections inherit it
    build, commit = build_identity(checkout), machine.commit(checkout)
    files = arguments.folder / "files"
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir(parents=True)
    results = checkout / "benchmarks" / "results" / begun.strftime("recognition-%Y%m%dT%H%M%SZ")
    (results / "logs").mkdir(parents=True)
    try:
        carried = checkout / "Tests" / "Fixtures" / "librivox"
        found = recordings.load(carried, arguments.data)
        made = material.compose(checkout, files, found, arguments.minutes, arguments.seed)
        place = contenders.Place(checkout, files, results / "logs", arguments.database_url, arguments.database_pid)
        chosen = contenders.make(arguments.contenders.split(), place)
        log = _Log(results)
        _say(f"{made.whole.duration / 60:.1f} minutes of audio, seed {arguments.seed}, load {os.getloadavg()[0]:.1f}")
        session = Session(chosen, made, log.keep)
        session.run(arguments.rounds, log.write)
    finally:
        shutil.rmtree(files, ignore_errors=True)
    versions = {name: importlib.metadata.version(name) for name in ("jiwer", "simpleder")}
    for contender in chosen.values():
        versions |= contender.versions
    circumstances = summary.Circumstances(
        begun.date().isoformat(),
        commit,
        machine.describe(cores),
        versions,
        arguments.minutes,
        arguments.seed,
        arguments.rounds,
    )
    summed = summary.summarise(circumstances, made, session.measurements, session.clip_scores)
    (results / "summary.json").write_text(json.dumps(summed, indent=1), encoding="utf-8")
    _print(summed)
    _say(f"raw results: {results.relative_to(checkout)}")
    return _publish(arguments, checkout, summed, build_identity(checkout) == build)


def _publish(arguments: argparse.Namespace, checkout: pathlib.Path, summed: dict, is_same_build: bool) -> int:
    if not is_same_build:
        _say("the executables or the model server changed meanwhile: these figures are of two builds, none is written.")
        return 3
    if not arguments.write:
        return 0
    if arguments.minutes < publication.SHORTEST:
        _say(f"not published: fewer than {publication.SHORTEST} minutes of audio tell too little.")
        return 0
    publication.publish(checkout / "benchmarks", summed)
    _say("written: benchmarks/README.md, benchmarks/recognition.json, benchmarks/recognition.svg")
    return 0


class _Log:
    """The raw results: a JSON line a measurement, and what each contender answered."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        (folder / "answers").mkdir()

    def write(self, measurement: Measurement) -> None:
        with open(self._folder / "measurements.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(measurement.record()) + "\n")
        _say(
            f"round {measurement.round}, {measurement.contender}: "
            f"{measurement.duration / measurement.processing_seconds:.1f} × real time, "
            f"{measurement.cpu_per_second:.3f} CPU-s per s, {measurement.reading.peak_bytes_all / 1e6:.0f} MB, "
            f"others {100 * measurement.reading.others_share:.0f} %"
        )

    def keep(self, label: str, answer: Answer) -> None:
        path = self._folder / "answers" / f"{label}.json"
        path.write_text(json.dumps(asdict(answer), ensure_ascii=False), encoding="utf-8")


def _print(summed: dict) -> None:
    parts = [publication.heading(summed), tables.speed(summed).text(), tables.errors(summed).text()]
    compared = tables.ratios(summed)
    parts += [compared.text()] if compared else []
    parts += ["\n".join(tables.remarks(summed))]
    print("\n\n".join(part for part in parts if part), flush=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="recognition", description="started by scripts/bench recognition")
    parser.add_argument("--minutes", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--contenders", required=True, help="names, separated by spaces")
    parser.add_argument("--database-url", required=True, help="of an empty database")
    parser.add_argument("--database-pid", type=int, required=True, help="of its first process")
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="for what the run needs; removed after it")
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--write", action="store_true", help="write the files that Git tracks")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
