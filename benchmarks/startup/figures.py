"""A whole run as one JSON object, what benchmarks/startup.json keeps, and the tables and the chart that are made of it.

    {"machine","date","commit","rounds","runs","sizes":{PROGRAM},
     "commands":{NAME:{"seconds","cpu","ratio"}},
     "nodes":{NAME:{"listening","ready","cpu","ratio","memory","children","idle_cpu"}}, "others"}

Figures of several rounds are `{"median","low","high"}`. Units: seconds; ratio: to `python3 -c pass`, and of nodes with a model to
the model server alone, in the same round; sizes, memory, children: megabytes; idle_cpu: a share of one core; others: a share,
0 to 1."""

from collections.abc import Callable

from bench.chart import Bar, Panel, draw
from bench.spread import Spread
from bench.table import NOTHING, Table, figure

from .commands import YARDSTICK, Cost
from .nodes import API, SERVER, Start


def commands(rounds: list[dict[str, Cost]]) -> dict[str, dict]:
    """Raises `KeyError` where a round lacks the yardstick."""
    return {
        name: {
            "seconds": Spread.of(one[name].seconds for one in rounds).record(),
            "cpu": Spread.of(one[name].cpu_seconds for one in rounds).record(),
            "ratio": Spread.of(one[name].seconds / one[YARDSTICK].seconds for one in rounds).record(),
        }
        for name in rounds[0]
    }


def nodes(rounds: list[dict[str, Start]], costs: list[dict[str, Cost]]) -> dict[str, dict]:
    """Both of the same rounds, in order."""
    found = {}
    for name in rounds[0]:

        def spread(value: Callable[[Start], float], name: str = name) -> dict:
            return Spread.of(value(one[name]) for one in rounds).record()

        found[name] = {
            "listening": spread(lambda start: start.listening_seconds),
            "ready": spread(lambda start: start.ready_seconds),
            "cpu": spread(lambda start: start.cpu_seconds),
            "ratio": Spread.of(
                one[name].ready_seconds / (cost[YARDSTICK].seconds if name == API else one[SERVER].ready_seconds)
                for one, cost in zip(rounds, costs)
            ).record(),
            "memory": spread(lambda start: start.idle_bytes / 1e6),
            "children": spread(lambda start: start.children_bytes / 1e6),
            "idle_cpu": spread(lambda start: start.idle_cpu_share),
        }
    return found


def heading(summary: dict) -> str:
    return (
        f"Medians of {summary['runs']} runs of each command in a round; rounds: {summary['rounds']}; {summary['date']}, commit"
        f" {summary['commit']}; others used {figure(summary['others'], 1, 100)} % of the cores"
    )


def tables(summary: dict) -> list[Table]:
    commands_ = Table(
        ["from its start to its end", "ms", "CPU-ms", f"÷ {YARDSTICK}"],
        [
            [name, figure(one["seconds"], 1, 1000), figure(one["cpu"], 1, 1000), figure(one["ratio"], 2)]
            for name, one in summary["commands"].items()
        ],
    )
    starts = Table(
        ["from its start", "until it listens", "until it is ready", "CPU-s until then", "time until ready ÷"],
        [
            [
                name,
                f"{figure(one['listening'], 2)} s",
                f"{figure(one['ready'], 2)} s",
                figure(one["cpu"], 2),
                f"{figure(one['ratio'], 2)} {YARDSTICK if name == API else SERVER}",
            ]
            for name, one in summary["nodes"].items()
        ],
    )
    idle = Table(
        ["idle", "MB of its own (PSS)", "MB of its children", "CPU, % of a core"],
        [
            [
                name,
                figure(one["memory"], 0),
                figure(one["children"], 0) if one["children"]["high"] > 0 else NOTHING,
                figure(one["idle_cpu"], 1, 100),
            ]
            for name, one in summary["nodes"].items()
        ],
    )
    sizes = Table(["executable", "MB"], [[name, f"{size:.1f}"] for name, size in summary["sizes"].items()])
    return [commands_, starts, idle, sizes]


def chart(summary: dict) -> str:
    def bars(figures: dict[str, dict], part: str, scale: float) -> list[Bar]:
        return [
            Bar(name, Spread(*(one[part][key] * scale for key in ("median", "low", "high"))), "verbatim" in name)
            for name, one in figures.items()
        ]

    panels = [
        Panel("Milliseconds from start to end", "less is better", 1, bars(summary["commands"], "seconds", 1000)),
        Panel("Seconds until it is ready", "less is better", 2, bars(summary["nodes"], "ready", 1)),
        Panel("MB of its own when idle", "less is better", 0, bars(summary["nodes"], "memory", 1)),
    ]
    return draw(panels, f"Rounds: {summary['rounds']}; {summary['date']} (bar: median, line: lowest to highest)")
