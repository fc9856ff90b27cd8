"""What scripts/bench startup starts: how long programs and nodes take to start, and what memory nodes hold when idle.

Prints tables on standard output, writes the results. Options are checked by the script. Exit 1 with one sentence on standard error
where something fails, a node that does not get ready included."""

import argparse
import os
import random
import subprocess
import sys

from bench import machine
from bench.cores import Cores, why_not_idle
from bench.deployment import Deployment, build_identity
from bench.run import Run, main, say
from bench.spread import Spread

from . import commands, figures, nodes

ENOUGH_ROUNDS, ENOUGH_RUNS = 3, 20
"""Shorter runs are not published, nor are runs without the model server."""
PROGRAMS = ("verbatim", "verbatim-admin", "verbatim-media")


def _bench(run: Run) -> int:
    arguments = run.arguments
    build, programs = build_identity(run.checkout), run.checkout / ".build" / "release"
    cores = run.confine(len(os.sched_getaffinity(0)))
    costs: list[dict[str, commands.Cost]] = []
    starts: list[dict[str, nodes.Start]] = []
    others: list[float] = []
    with run.files() as folder:
        environment = Deployment(run.checkout, folder, run.logs, arguments.database_url).environment
        programs_ = commands.all_of_them(
            programs, arguments.python, arguments.psql, arguments.database_url, environment
        )
        nodes_ = nodes.all_of_them(run.checkout, environment, arguments.model)
        for turn in range(1, arguments.rounds + 1):
            with Cores(arguments.database_pid) as meter:
                costs.append({name: commands.measure(programs_[name], arguments.runs) for name in _shuffled(programs_)})
                starts.append({name: nodes.measure(nodes_[name], run.logs / "nodes.log") for name in _shuffled(nodes_)})
            others.append(meter.others_share)
            for name, one in (costs[-1] | starts[-1]).items():
                run.log({"round": turn, "name": name, **one.record()})
            say(f"round {turn} is over, others {100 * others[-1]:.0f} %")
    costs = [{name: one[name] for name in programs_} for one in costs]
    starts = [{name: one[name] for name in nodes_} for one in starts]
    summary = {
        "machine": machine.describe(cores),
        "date": str(run.begun.date()),
        "commit": machine.commit(run.checkout),
        "rounds": arguments.rounds,
        "runs": arguments.runs,
        "sizes": {name: (programs / name).stat().st_size / 1e6 for name in PROGRAMS},
        "commands": figures.commands(costs),
        "nodes": figures.nodes(starts, costs),
        "others": Spread.of(others).record(),
    }
    run.keep(summary)
    print("\n\n".join([figures.heading(summary), *(table.text() for table in figures.tables(summary))]), flush=True)
    run.say_where()
    too_little = why_not_idle(others)
    if arguments.rounds < ENOUGH_ROUNDS or arguments.runs < ENOUGH_RUNS or not arguments.model:
        without = "" if arguments.model else ", and no model server"
        too_little = f"{arguments.rounds} rounds of {arguments.runs} runs{without}"
    return run.publish(
        build, too_little, lambda: _publish(run, summary), "benchmarks/README.md, benchmarks/startup.json"
    )


def _shuffled(all_of_them: dict) -> list[str]:
    return random.sample(list(all_of_them), len(all_of_them))


def _publish(run: Run, summary: dict) -> None:
    parts = [
        machine.sentence(summary["machine"]),
        "![Milliseconds and seconds to start, memory when idle](startup.svg)",
        f"{figures.heading(summary)}.",
        *(table.markdown() for table in figures.tables(summary)),
    ]
    run.write_figures(parts, summary, figures.chart(summary))


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--runs", type=int, required=True, help="of each command in a round")
    parser.add_argument("--model", action="store_true", help="with the nodes that need the model server")
    parser.add_argument("--python", required=True, help="the Python that is a yardstick")


if __name__ == "__main__":
    sys.exit(main("startup", _options, _bench, subprocess.SubprocessError))
