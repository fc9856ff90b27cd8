"""A whole run as one JSON object, what benchmarks/decode.json keeps, and the tables and the chart that are made of it.

    {"machine","date","commit","rounds","lengths","layouts":[[KIND, LAYOUT]],
     "figures":{"KIND, MINUTES, LAYOUT, PROGRAM":{"speed","cpu","ratio","cpu_ratio","peak","others"}}}

Figures of several rounds are `{"median","low","high"}`. Units: speed: times real time; cpu: CPU-seconds an hour of sound; ratio:
how long ffmpeg took in the same round ÷ how long this; cpu_ratio: this program's CPU ÷ ffmpeg's; peak: megabytes; others: a
share, 0 to 1."""

from collections.abc import Callable

from bench.chart import Bar, Panel, draw
from bench.spread import Spread
from bench.table import Table, figure

from .measurement import MONO, OURS, STEREO, THEIRS, Measurement
from .recordings import LABELS

_LAYOUTS = {MONO: "", STEREO: ", to two channels"}


def name(kind: str, minutes: int, layout: str, program: str) -> str:
    return f"{kind}, {minutes}, {layout}, {program}"


def summarize(measured: list[Measurement]) -> dict[str, dict]:
    """Raises `KeyError` where a round lacks ffmpeg."""
    theirs = {(one.kind, one.minutes, one.layout, one.round): one for one in measured if one.program == THEIRS}
    found = {}
    for key in dict.fromkeys((one.kind, one.minutes, one.layout, one.program) for one in measured):
        of_it = [one for one in measured if (one.kind, one.minutes, one.layout, one.program) == key]

        def spread(value: Callable[[Measurement, Measurement], float], runs: list[Measurement] = of_it) -> dict:
            return Spread.of(value(run, theirs[run.kind, run.minutes, run.layout, run.round]) for run in runs).record()

        found[name(*key)] = {
            "speed": spread(lambda run, _: run.minutes * 60 / run.seconds),
            "cpu": spread(lambda run, _: run.cpu_seconds * 60 / run.minutes),
            "ratio": spread(lambda run, other: other.seconds / run.seconds),
            "cpu_ratio": spread(lambda run, other: run.cpu_seconds / other.cpu_seconds),
            "peak": spread(lambda run, _: run.peak_bytes / 1e6),
            "others": spread(lambda run, _: run.others_share),
        }
    return found


def heading(summary: dict) -> str:
    lengths = " and ".join(str(minutes) for minutes in summary["lengths"])
    return f"{lengths} minutes on one core; rounds: {summary['rounds']}; {summary['date']}, commit {summary['commit']}"


def tables(summary: dict) -> list[Table]:
    return [_table(summary, minutes) for minutes in summary["lengths"]]


def _table(summary: dict, minutes: int) -> Table:
    head = [f"{minutes} minutes", "× real time", "ffmpeg: × real time", "ffmpeg's time ÷ it"]
    head += ["CPU-s an hour", "ffmpeg: CPU-s an hour", "CPU ÷ ffmpeg's", "peak MB", "ffmpeg: peak MB", "others on the cores"]
    rows = []
    for kind, layout in summary["layouts"]:
        ours, theirs = (summary["figures"][name(kind, minutes, layout, program)] for program in (OURS, THEIRS))
        rows.append(
            [
                LABELS[kind] + _LAYOUTS[layout],
                figure(ours["speed"], 0),
                figure(theirs["speed"], 0),
                figure(ours["ratio"], 2),
                figure(ours["cpu"], 1),
                figure(theirs["cpu"], 1),
                figure(ours["cpu_ratio"], 2),
                figure(ours["peak"], 0),
                figure(theirs["peak"], 0),
                figure(ours["others"], 1, 100) + " %",
            ]
        )
    return Table(head, rows)


def chart(summary: dict) -> str:
    minutes = max(summary["lengths"])
    bars = []
    for kind, layout in summary["layouts"]:
        for program in (OURS, THEIRS):
            speed = summary["figures"][name(kind, minutes, layout, program)]["speed"]
            label = f"{program}: {LABELS[kind]}{_LAYOUTS[layout]}"
            bars.append(Bar(label, Spread(speed["median"], speed["low"], speed["high"]), is_ours=program == OURS))
    title = f"Times real time, {minutes} minutes on one core"
    return draw([Panel(title, "", 0, bars)], f"{heading(summary)} (bar: median, line: lowest to highest)", labels=390)
