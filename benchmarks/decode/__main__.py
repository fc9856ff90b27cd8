"""What scripts/bench decode starts: how fast recordings are decoded on one core, beside ffmpeg.

Prints tables on standard output, writes the results. Options are checked by the script. Exit 1 with one sentence on standard error
where something fails, a recording that is decoded to another length included."""

import argparse
import random
import subprocess
import sys

from bench import machine
from bench.cores import why_not_idle
from bench.deployment import build_identity
from bench.run import Run, main, say

from . import figures, recordings
from .measurement import MONO, OURS, STEREO, THEIRS, measure, require_same_length

ENOUGH_MINUTES, ENOUGH_ROUNDS = 60, 3
"""Shorter runs are not published, nor are runs without all kinds."""


def _bench(run: Run) -> int:
    arguments = run.arguments
    build, tool = build_identity(run.checkout), run.checkout / ".build" / "release" / OURS
    kinds = list(recordings.LABELS)
    lengths = sorted({max(1, arguments.minutes // 2), arguments.minutes})
    layouts = [(kind, MONO) for kind in kinds] + [("m4a", STEREO)]
    measured = []
    with run.files() as folder:
        say(f"encoding {arguments.minutes} minutes in {len(kinds)} ways …")
        made = recordings.make(run.checkout, folder, lengths, kinds)
        cells = [(one, layout) for one in made for kind, layout in layouts if one.kind == kind]
        for one, layout in cells:
            require_same_length(tool, one, layout)
        for turn in range(1, arguments.rounds + 1):
            for one, layout in random.sample(cells, len(cells)):
                for program in random.sample([OURS, THEIRS], 2):
                    measured.append(measure(program, tool, one, layout, turn, arguments.database_pid))
                    run.log(measured[-1].record())
            say(f"round {turn} is over")
    summary = {
        "machine": machine.describe(1),
        "date": str(run.begun.date()),
        "commit": machine.commit(run.checkout),
        "rounds": arguments.rounds,
        "lengths": lengths,
        "layouts": layouts,
        "figures": figures.summarize(measured),
    }
    run.keep(summary)
    print("\n\n".join([figures.heading(summary), *(table.text() for table in figures.tables(summary))]), flush=True)
    run.say_where()
    too_little = why_not_idle(one.others_share for one in measured)
    if arguments.minutes < ENOUGH_MINUTES or arguments.rounds < ENOUGH_ROUNDS:
        too_little = f"{arguments.minutes} minutes and {arguments.rounds} rounds"
    return run.publish(
        build, too_little, lambda: _publish(run, summary), "benchmarks/README.md, benchmarks/decode.json"
    )


def _publish(run: Run, summary: dict) -> None:
    parts = [
        machine.sentence(summary["machine"]),
        "![Times real time](decode.svg)",
        f"{figures.heading(summary)}.",
        *(table.markdown() for table in figures.tables(summary)),
    ]
    run.write_figures(parts, summary, figures.chart(summary))


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--minutes", type=int, required=True)


if __name__ == "__main__":
    sys.exit(main("decode", _options, _bench, subprocess.SubprocessError))
