"""What scripts/bench upload starts: how long uploads take beside copies on the same disk, and what memory they take.

Prints tables on standard output, writes the results. Options are checked by the script. Exit 1 with one sentence on standard error
where something fails, a file that does not arrive as it was sent included."""

import argparse
import os
import pathlib
import random
import subprocess
import sys

from bench import machine, sound
from bench.client import Refused
from bench.cores import why_not_idle
from bench.deployment import build_identity
from bench.run import Run, main, say

from . import figures
from .measurement import COPY, SINK, VERBATIM, Bench, Files

ENOUGH_MEGABYTES, ENOUGH_FILES, ENOUGH_EACH, ENOUGH_ROUNDS = 915, 200, 10, 3
"""Smaller runs are not published."""


def _bench(run: Run) -> int:
    arguments = run.arguments
    build = build_identity(run.checkout)
    cores = run.confine(len(os.sched_getaffinity(0)))
    measured = []
    with run.files() as folder:
        files = [
            _make(run, folder / figures.ONE, figures.ONE, arguments.megabytes, 1),
            _make(run, folder / figures.MANY, figures.MANY, arguments.each, arguments.files),
        ]
        bench = Bench(run, folder)
        cells = [(contender, one) for one in files for contender in (COPY, SINK, VERBATIM)]
        for turn in range(1, arguments.rounds + 1):
            for contender, one in random.sample(cells, len(cells)):
                measured.append(bench.measure(contender, one, turn))
                run.log(measured[-1].record())
                say(f"round {turn}, {one.name}, {contender}: {measured[-1].seconds:.2f} s")
        about = {one.name: {"count": len(one.paths), "megabytes": one.size / 1e6} for one in files}
    summary = {
        "machine": machine.describe(cores),
        "date": str(run.begun.date()),
        "commit": machine.commit(run.checkout),
        "rounds": arguments.rounds,
        "files": about,
        "figures": figures.summarize(measured),
    }
    run.keep(summary)
    print("\n\n".join([figures.heading(summary), *(table.text() for table in figures.tables(summary))]), flush=True)
    run.say_where()
    too_little = _too_little(arguments) or why_not_idle(one.others_share for one in measured)
    return run.publish(
        build, too_little, lambda: _publish(run, summary), "benchmarks/README.md, benchmarks/upload.json"
    )


def _make(run: Run, folder: pathlib.Path, name: str, megabytes: int, count: int) -> Files:
    """A recording under so many names, so that it takes the disk and the memory of one."""
    folder.mkdir()
    paths = [folder / f"{number}.wav" for number in range(count)]
    sound.make_wave(run.checkout, paths[0], megabytes * 1_000_000 / sound.WAVE_BYTES)
    for path in paths[1:]:
        os.link(paths[0], path)
    return Files(name, paths)


def _too_little(arguments: argparse.Namespace) -> str | None:
    asked = [arguments.megabytes, arguments.files, arguments.each, arguments.rounds]
    enough = [ENOUGH_MEGABYTES, ENOUGH_FILES, ENOUGH_EACH, ENOUGH_ROUNDS]
    if all(one >= least for one, least in zip(asked, enough)):
        return None
    return f"{asked[0]} MB, {asked[1]} times {asked[2]} MB and {asked[3]} rounds"


def _publish(run: Run, summary: dict) -> None:
    parts = [
        f"{machine.sentence(summary['machine'])} curl and what takes the files share the cores.",
        "![Megabytes a second](upload.svg)",
        f"{figures.heading(summary)}.",
        *(table.markdown() for table in figures.tables(summary)),
    ]
    run.write_figures(parts, summary, figures.chart(summary))


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--megabytes", type=int, required=True, help="of the one large file")
    parser.add_argument("--files", type=int, required=True, help="how many at once")
    parser.add_argument("--each", type=int, required=True, help="megabytes of each of them")


if __name__ == "__main__":
    sys.exit(main("upload", _options, _bench, Refused, subprocess.SubprocessError))
