"""The files that Git tracks: recognition.json (the summaries), recognition.svg (the chart of the fullest run) and the
figures in README.md between two markers. They always agree, for all three are made from the summaries.

Summaries of another machine make room for those of this one: figures of two machines do not belong side by side. A new
run takes the place of one of the same length, recordings and contenders."""

import json
import pathlib

from bench.page import with_figures

from . import chart, tables

MARKERS = "figures"
SHORTEST = 10
"""Minutes; shorter runs are not published."""


def publish(folder: pathlib.Path, summary: dict) -> None:
    """`folder`: benchmarks/. Raises `OSError`, and `ValueError` when README.md has lost its markers."""
    kept = folder / "recognition.json"
    summaries = json.loads(kept.read_text(encoding="utf-8"))["runs"] if kept.exists() else []
    summaries = [old for old in summaries if old["machine"] == summary["machine"] and _what(old) != _what(summary)]
    summaries.append(summary)
    readme = folder / "README.md"
    page = with_figures(readme.read_text(encoding="utf-8"), MARKERS, figures(summaries))
    kept.write_text(json.dumps({"runs": summaries}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "recognition.svg").write_text(chart.draw(_fullest(summaries)), encoding="utf-8")
    readme.write_text(page, encoding="utf-8")


def figures(summaries: list[dict]) -> str:
    """Markdown; `summaries`: newest last."""
    machine = summaries[-1]["machine"]
    parts = [
        f"Machine: {machine['cores_used']} of {machine['cores']} cores of {machine['cpu']}, {machine['memory_gb']} GB,"
        f" {machine['system']}.",
        "![Speed, CPU and memory of the contenders](recognition.svg)",
    ]
    by_length = tables.memory_by_length(summaries)
    if by_length:
        parts += ["### Memory and length", by_length.markdown()]
    for summary in sorted(summaries, key=lambda one: (one["minutes"], -len(one["contenders"]))):
        parts += _section(summary)
    return "\n\n".join(parts)


def heading(summary: dict) -> str:
    """One line on what was measured."""
    speech = summary["speech_seconds"]
    spoken = f", {100 * speech / summary['duration']:.0f} % of it speech by the detector" if speech else ""
    return (
        f"{summary['duration'] / 60:.1f} minutes{spoken}; recordings: {_kinds(summary)}; seed"
        f" {summary['seed']}; rounds: {summary['rounds']}; {summary['date']}, commit {summary['commit']}"
    )


def _section(summary: dict) -> list[str]:
    parts = [f"### {summary['minutes']} minutes of {_kinds(summary)}", f"{heading(summary)}."]
    parts += [tables.speed(summary).markdown(), tables.errors(summary).markdown()]
    compared = tables.ratios(summary)
    if compared:
        parts.append(compared.markdown())
    parts += tables.remarks(summary)
    parts.append("Versions: " + ", ".join(f"{name} {number}" for name, number in summary["versions"].items()) + ".")
    return parts


def _kinds(summary: dict) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in summary["recordings"].items())


def _what(summary: dict) -> tuple:
    return summary["minutes"], sorted(summary["recordings"].items()), sorted(summary["contenders"])


def _fullest(summaries: list[dict]) -> dict:
    """Of those with the most contenders the newest."""
    return max(enumerate(summaries), key=lambda pair: (len(pair[1]["contenders"]), pair[0]))[1]
