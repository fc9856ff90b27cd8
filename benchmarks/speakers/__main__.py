"""What scripts/bench speakers starts: who speaks when, on recordings and on made conversations. Prints a table; raw results are a
line of JSON for each recording. Options are checked by the script."""

import argparse
import dataclasses
import datetime
import json
import pathlib
import sys

from bench.run import CHECKOUT, say
from bench.service import ServiceError
from bench.table import Table
from recognition import recordings

from . import conversations, scores, sounds
from .answers import Diarizer
from .choosing import halves
from .kinds import KINDS


def main() -> int:
    parser = argparse.ArgumentParser(prog="speakers", description="started by scripts/bench speakers, which checks the options")
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--voices", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--results", type=pathlib.Path, default=CHECKOUT / "benchmarks" / "results")
    arguments = parser.parse_args()
    begun = datetime.datetime.now(datetime.timezone.utc)
    results = arguments.results / begun.strftime("speakers-%Y%m%dT%H%M%SZ")
    results.mkdir(parents=True)
    try:
        diarizer = Diarizer(CHECKOUT, results / "server.log")
        try:
            table = _measure(arguments, diarizer, results / "recordings.jsonl")
        finally:
            diarizer.stop()
    except (ServiceError, recordings.RecordingError, sounds.SoundError, OSError) as error:
        print(f"scripts/bench: {error}", file=sys.stderr)
        return 1
    print(table.text(), flush=True)
    say(f"raw results: {results}")
    return 0


def _measure(arguments: argparse.Namespace, diarizer: Diarizer, log: pathlib.Path) -> Table:
    head = ["set", "recordings", "DER", "missed", "invented", "confused", "counts right", "counts off by", "CPU-s per s"]
    known = recordings.load(CHECKOUT / "Tests" / "Fixtures" / "librivox", arguments.data)
    known = [one for one in known if one.turns is not None]
    rows = []
    with open(log, "w", encoding="utf-8") as file:

        def judge(name: str, items) -> None:
            found, cpu, seconds = [], diarizer.cpu_seconds, 0.0
            for item, samples, turns in items:
                found.append(scores.score(turns, diarizer.turns(diarizer.tracks(samples))))
                seconds += samples.size / sounds.RATE
                file.write(json.dumps({"set": name, "recording": item, **dataclasses.asdict(found[-1])}) + "\n")
            if found:
                rows.append(_row(name, scores.add_up(found), (diarizer.cpu_seconds - cpu) / seconds))
                say("  ".join(rows[-1]))

        judge("recordings", ((one.name, sounds.decode(one.path), list(one.turns)) for one in known))
        if arguments.voices:
            for letter, own, likeness in halves(arguments.voices, known, diarizer.tracks):
                for kind, count in KINDS:
                    numbers = range(arguments.seed * 1000, arguments.seed * 1000 + count)
                    made = (conversations.make(kind, own, likeness, number) for number in numbers)
                    judge(f"{kind.name}, {letter}", ((one.name, one.samples, one.turns) for one in made))
    return Table(head, rows)


def _row(name: str, sums: scores.Sum, cpu: float) -> list[str]:
    rates = (sums.rate, sums.missed, sums.false_alarm, sums.confused)
    counts = [f"{sums.counts_right} of {sums.recordings}", str(sums.counts_off)]
    return [name, str(sums.recordings), *(f"{rate:.3f}" for rate in rates), *counts, f"{cpu:.4f}"]


if __name__ == "__main__":
    sys.exit(main())
