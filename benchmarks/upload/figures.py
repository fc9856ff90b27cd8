"""A whole run as one JSON object, what benchmarks/upload.json keeps, and the tables and the chart that are made of it.

    {"machine","date","commit","rounds","files":{NAME:{"count","megabytes"}},
     "figures":{"NAME, CONTENDER":{"seconds","rate","copy_ratio","sink_ratio","user","system","probes","client","others",
                                   "steps":{STEP},"memory":{KIND}}}}

Figures of several rounds are `{"median","low","high"}`. Units: seconds; rate: megabytes a second; ratios: how long the copy or
the sink took in the same round ÷ how long this; user, system, probes, client: CPU-seconds a gigabyte; others: a share, 0 to 1;
memory: megabytes."""

from collections.abc import Callable

from bench.chart import Bar, Panel, draw
from bench.spread import Spread
from bench.table import NOTHING, Table, figure

from .measurement import COPY, SINK, VERBATIM, Measurement

ONE, MANY = "one", "many"
LABELS = {
    COPY: "cp, then sync",
    SINK: "curl to a bare sink that flushes",
    VERBATIM: "curl to Verbatim, until the job is accepted",
}
_STEPS = {"written": "received and written", "probed": "probed", "stored": "flushed to the disk"}
_KINDS = {
    "idle": "before, proportional (PSS)",
    "pss": "peak, proportional (PSS)",
    "peak": "peak, as the kernel counts it (VmHWM)",
}


def summarize(measured: list[Measurement]) -> dict[str, dict]:
    """Of each pair of files and contender. Raises `KeyError` where a round lacks a yardstick."""
    took = {(one.contender, one.files, one.round): one.seconds for one in measured}
    found = {}
    for files, contender in dict.fromkeys((one.files, one.contender) for one in measured):
        of_it = [one for one in measured if (one.files, one.contender) == (files, contender)]

        def spread(value: Callable[[Measurement], float], runs: list[Measurement] = of_it) -> dict:
            return Spread.of(value(run) for run in runs).record()

        found[f"{files}, {contender}"] = {
            "seconds": spread(lambda run: run.seconds),
            "rate": spread(lambda run: run.megabytes / run.seconds),
            "copy_ratio": spread(lambda run: took[COPY, run.files, run.round] / run.seconds),
            "sink_ratio": spread(lambda run: took[SINK, run.files, run.round] / run.seconds),
            "user": spread(lambda run: run.user_seconds / run.megabytes * 1000),
            "system": spread(lambda run: run.system_seconds / run.megabytes * 1000),
            "probes": spread(lambda run: run.probe_cpu_seconds / run.megabytes * 1000),
            "client": spread(lambda run: run.client_cpu_seconds / run.megabytes * 1000),
            "others": spread(lambda run: run.others_share),
            "steps": _common(lambda run: run.steps, of_it, 1),
            "memory": _common(lambda run: run.memory, of_it, 1e-6),
        }
    return found


def _common(values: Callable[[Measurement], dict[str, float]], runs: list[Measurement], scale: float) -> dict[str, dict]:
    """Of what was seen in all rounds."""
    names = [name for name in values(runs[0]) if all(name in values(run) for run in runs)]
    return {name: Spread.of(values(run)[name] * scale for run in runs).record() for name in names}


def describe(summary: dict, files: str) -> str:
    about = summary["files"][files]
    return (
        f"One file of {about['megabytes']:.0f} MB"
        if about["count"] == 1
        else f"{about['count']} files of {about['megabytes']:.0f} MB at once"
    )


def heading(summary: dict) -> str:
    return (
        f"{describe(summary, ONE)}, and {describe(summary, MANY)}; rounds: {summary['rounds']}; {summary['date']},"
        f" commit {summary['commit']}"
    )


def tables(summary: dict) -> list[Table]:
    return [_speed(summary, ONE), _steps(summary), _speed(summary, MANY), _cost(summary), _memory(summary)]


def _speed(summary: dict, files: str) -> Table:
    head = [describe(summary, files), "seconds", "MB a second", "cp ÷ it", "bare sink ÷ it", "others on the cores"]
    rows = []
    for contender, label in LABELS.items():
        one = summary["figures"][f"{files}, {contender}"]
        rows.append(
            [
                label,
                figure(one["seconds"], 2),
                f"{one['rate']['median']:.0f}",
                figure(one["copy_ratio"], 2),
                figure(one["sink_ratio"], 2),
                figure(one["others"], 1, 100) + " %",
            ]
        )
    return Table(head, rows)


def _cost(summary: dict) -> Table:
    """As medians."""
    rows = []
    for files in (ONE, MANY):
        for contender, label in LABELS.items():
            one = summary["figures"][f"{files}, {contender}"]
            cells = [f"{one[part]['median']:.2f}" for part in ("user", "system", "probes", "client")]
            if contender != VERBATIM:
                cells[2] = NOTHING
            if contender == COPY:
                cells[3] = NOTHING
            rows.append([f"{describe(summary, files)}: {label}", *cells])
    return Table(["CPU-seconds a GB", "user", "system", "probes", "curl"], rows)


def _steps(summary: dict) -> Table:
    """When each step of one upload was over, as medians."""
    rows = []
    for contender, label in LABELS.items():
        one = summary["figures"][f"{ONE}, {contender}"]
        seen = [one["steps"].get(step) for step in _STEPS]
        cells = [f"{step['median']:.2f} s" if step else NOTHING for step in seen]
        rows.append([label, *cells, f"{one['seconds']['median']:.2f} s"])
    return Table(["over after", *_STEPS.values(), "all of it"], rows)


def _memory(summary: dict) -> Table:
    rows = []
    for contender, kinds in {VERBATIM: _KINDS, SINK: {"peak": "peak, as the kernel counts it"}}.items():
        for kind, words in kinds.items():
            name = "Verbatim's API" if contender == VERBATIM else "bare sink"
            cells = [summary["figures"][f"{files}, {contender}"]["memory"].get(kind) for files in (ONE, MANY)]
            rows.append([f"{name}, {words}", *(figure(cell, 0) for cell in cells)])
    return Table(["memory in MB", describe(summary, ONE), describe(summary, MANY)], rows)


def chart(summary: dict) -> str:
    panels = []
    for files in (ONE, MANY):
        bars = []
        for contender, label in LABELS.items():
            rate = summary["figures"][f"{files}, {contender}"]["rate"]
            bars.append(Bar(label, Spread(rate["median"], rate["low"], rate["high"]), is_ours=contender == VERBATIM))
        panels.append(Panel(f"MB a second: {describe(summary, files)}", "", 0, bars))
    return draw(panels, f"{heading(summary)} (bar: median, line: lowest to highest)", labels=330)
