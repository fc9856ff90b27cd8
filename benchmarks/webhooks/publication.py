"""The files that Git tracks: webhooks.json, which is one run's summary, and its figures in README.md."""

import json
import pathlib

from bench.page import with_figures
from bench.table import NOTHING, Table, figure

MARKERS = "webhooks"
FEWEST = 10_000
"""Deliveries; smaller runs are not published."""


def publish(folder: pathlib.Path, summary: dict) -> None:
    """`folder`: benchmarks/. Raises `OSError`, and `ValueError` when README.md has lost its markers."""
    readme = folder / "README.md"
    page = with_figures(readme.read_text(encoding="utf-8"), MARKERS, markdown(summary))
    (folder / "webhooks.json").write_text(
        json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    readme.write_text(page, encoding="utf-8")


def markdown(summary: dict) -> str:
    machine = summary["machine"]
    parts = [
        f"Machine: {machine['cores_used']} of {machine['cores']} cores of {machine['cpu']}, {machine['memory_gb']} GB,"
        f" {machine['system']}.",
        f"{_heading(summary)}.",
        *(table.markdown() for table in _tables(summary)),
    ]
    return "\n\n".join(parts)


def text(summary: dict) -> str:
    return "\n\n".join([_heading(summary), *(table.text() for table in _tables(summary))])


def _heading(summary: dict) -> str:
    return (
        f"{summary['deliveries']} events that wait when the sender starts; rounds: {summary['rounds']};"
        f" {summary['date']}, commit {summary['commit']}"
    )


def _tables(summary: dict) -> list[Table]:
    return [_speed(summary), _waiting(summary), _comparison(summary)]


def _speed(summary: dict) -> Table:
    head = ["events", "deliveries a second", "the last after", "CPU-ms each", "sender's peak MB", "others on the cores"]
    rows = [
        [
            one["label"],
            figure(one["rate"], 0),
            figure(one["last"], 1) + " s",
            figure(one["cpu"], 2),
            figure(one["memory"], 0, 1e-6),
            figure(one["others"], 1, 100) + " %",
        ]
        for one in summary["scenarios"].values()
    ]
    return Table(head, rows)


def _waiting(summary: dict) -> Table:
    head = [
        "events",
        "wait p50",
        "wait p99",
        "newcomer's wait p50",
        "newcomer's wait p99",
        "connections that the hole held",
    ]
    rows = [
        [
            one["label"],
            figure(one["wait_p50"], 1) + " s",
            figure(one["wait_p99"], 1) + " s",
            *(_milliseconds(one.get(name)) for name in ("newcomer_p50", "newcomer_p99")),
            figure(one.get("held"), 0),
        ]
        for one in summary["scenarios"].values()
    ]
    return Table(head, rows)


def _comparison(summary: dict) -> Table:
    rods = summary["yardsticks"]
    rows = [
        ["bare posts of curl, a second", figure(rods["posts"], 0)],
        ["bare writes of a delivery by pgbench, a second", figure(rods["writes"], 0)],
    ]
    rows += [[what, figure(spread, 2)] for what, spread in summary["ratios"].items()]
    return Table(["of the same round", "median (lowest–highest)"], rows)


def _milliseconds(record: dict | None) -> str:
    return NOTHING if record is None else figure(record, 0, 1000) + " ms"
