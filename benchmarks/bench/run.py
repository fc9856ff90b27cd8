"""What the program of every benchmark does around its measuring: options, folders, cores, results, and one sentence where
it fails."""

import argparse
import datetime
import json
import os
import pathlib
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from . import machine
from .deployment import build_identity
from .page import with_figures
from .service import ServiceError

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Run:
    """One run of a benchmark."""

    name: str
    arguments: argparse.Namespace
    checkout: pathlib.Path = CHECKOUT
    begun: datetime.datetime = field(default_factory=lambda: datetime.datetime.now(datetime.timezone.utc))

    @property
    def results(self) -> pathlib.Path:
        return self.checkout / "benchmarks" / "results" / self.begun.strftime(f"{self.name}-%Y%m%dT%H%M%SZ")

    @property
    def logs(self) -> pathlib.Path:
        return self.results / "logs"

    @contextmanager
    def files(self) -> Iterator[pathlib.Path]:
        """An empty folder for what the measuring needs; it goes afterward. The folders of the results are made too."""
        self.logs.mkdir(parents=True)
        folder = self.arguments.folder / "files"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def confine(self, count: int) -> int:
        """Confines all that is measured, the database included, to `count` cores; answers how many it has."""
        cores = machine.confine(count)
        os.sched_setaffinity(self.arguments.database_pid, os.sched_getaffinity(0))  # its connections inherit it
        return cores

    def log(self, record: dict) -> None:
        """Keeps one measurement as a line of the raw results."""
        with open(self.results / "measurements.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def keep(self, summed: object) -> None:
        (self.results / "summary.json").write_text(json.dumps(summed, indent=1), encoding="utf-8")

    def say_where(self) -> None:
        say(f"raw results: {self.results.relative_to(self.checkout)}")

    def publish(self, build: str, too_little: str | None, write: Callable[[], None], written: str) -> int:
        """Writes the files that Git tracks, if that is asked for and the figures are worth it; answers the exit status.

        `build`: its identity before the measuring. `too_little`: why the figures tell too little; None where they do not.
        `written`: the names of what `write` writes.
        """
        if build_identity(self.checkout) != build:
            say("what is measured was built anew meanwhile: these figures are of two builds, none is written.")
            return 3
        if not self.arguments.write:
            return 0
        if too_little:
            say(f"not published: {too_little} tell too little.")
            return 0
        write()
        say(f"written: {written}")
        return 0

    def write_figures(self, parts: list[str], summary: dict, chart: str) -> None:
        """Writes NAME.json and NAME.svg, and `parts` between the markers NAME of the page."""
        folder = self.checkout / "benchmarks"
        readme = folder / "README.md"
        page = with_figures(readme.read_text(encoding="utf-8"), self.name, "\n\n".join(parts))
        (folder / f"{self.name}.json").write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        (folder / f"{self.name}.svg").write_text(chart, encoding="utf-8")
        readme.write_text(page, encoding="utf-8")


def main(
    name: str,
    options: Callable[[argparse.ArgumentParser], None],
    bench: Callable[[Run], int],
    *faults: type[Exception],
) -> int:
    """Runs `bench` with its `options` and those of every benchmark; answers the exit status. `faults`: errors of its own
    whose text is the one sentence."""
    parser = argparse.ArgumentParser(prog=name, description=f"started by scripts/bench {name}, which checks the options")
    options(parser)
    parser.add_argument("--psql", required=True)
    parser.add_argument("--database-url", required=True, help="of an empty database, beside which others may be made")
    parser.add_argument("--database-pid", type=int, required=True, help="of its first process")
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="for what the run needs; removed after it")
    parser.add_argument("--write", action="store_true", help="write the files that Git tracks")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    try:
        return bench(Run(name, arguments))
    except (ServiceError, ChildProcessError, OSError, *faults) as error:
        print(f"scripts/bench: {error}", file=sys.stderr)
        return 1


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
