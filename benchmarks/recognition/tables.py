"""The tables of a run, made from its summary: as text for a terminal, as Markdown for the README."""

from bench.table import NOTHING, Table, figure

from .contenders import LABELS
from .recordings import MEETING, READ, TELEPHONE


def speed(summary: dict) -> Table:
    head = ["contender", "× real time", "× end to end", "CPU-s per s", "peak MB", "others on the cores"]
    rows = [
        [
            LABELS[name],
            figure(one["speed"], 1),
            figure(one["speed_end_to_end"], 1),
            figure(one["cpu"], 3),
            figure(one["memory"], 0, 1e-6),
            figure(one["others"], 1, 100) + " %",
        ]
        for name, one in _ordered(summary["contenders"])
    ]
    return Table(head, rows)


def errors(summary: dict) -> Table:
    """Word and speaker errors, on the long file and on every recording alone."""
    kinds = [kind for kind in (READ, TELEPHONE) if kind in summary["recordings"]]
    with_speakers = TELEPHONE in summary["recordings"] or MEETING in summary["recordings"]
    places = ("long file", "alone")
    head = ["contender", *(f"WER {kind}, {place}" for kind in kinds for place in places)]
    head += [f"DER, {place}" for place in places if with_speakers]
    head += ["speaker counts right"] if with_speakers else []
    rows = []
    for name, whole in _ordered(summary["contenders"]):
        clips = summary["clips"].get(name)
        row = [LABELS[name]]
        for kind in kinds:
            row += [figure(whole["words"].get(kind), 4), _rate(clips and clips["words"].get(kind))]
        if with_speakers:
            row += [figure(whole["speakers"], 3), _rate(clips and clips["speakers"], 3), _counts(summary, clips)]
        rows.append(row)
    return Table(head, rows)


def ratios(summary: dict) -> Table | None:
    if not summary["ratios"]:
        return None
    return Table(["of the same round", "median (lowest–highest)"], [list(pair) for pair in summary["ratios"].items()])


def memory_by_length(summaries: list[dict]) -> Table | None:
    """Peak memory against the length of the file; None with fewer than two lengths. `summaries`: newest last."""
    newest: dict[str, dict[int, str]] = {}
    for summary in summaries:
        for name, one in summary["contenders"].items():
            newest.setdefault(name, {})[summary["minutes"]] = figure(one["memory"], 0, 1e-6)
    lengths = sorted({minutes for figures in newest.values() for minutes in figures})
    if len(lengths) < 2:
        return None
    head = ["peak MB", *(f"{minutes} min" for minutes in lengths)]
    rows = [[LABELS[name], *(one.get(minutes, NOTHING) for minutes in lengths)] for name, one in _ordered(newest)]
    return Table(head, rows)


def remarks(summary: dict) -> list[str]:
    """What a reader of the tables must know besides."""
    found = []
    asked = "verbatim-speakers" in summary["contenders"]
    if asked and summary["diarization"]:
        found.append(f"Speakers were told apart by {summary['diarization']}.")
    elif asked:
        found.append('Speakers were asked for, but this build told none apart: "with speakers" did no more work.')
    for name, clips in _ordered(summary["clips"]):
        for what, told in (
            ("gave no transcript of", clips["refused"]),
            ("took for another language", clips["other_languages"]),
        ):
            if told:
                listed = ", ".join(f"{recording} ({value})" for recording, value in sorted(told.items()))
                found.append(f"{LABELS[name]} {what} {listed}, each alone.")
    return found


def _rate(record: dict | None, digits: int = 4) -> str:
    return NOTHING if record is None else f"{record['rate']:.{digits}f}"


def _counts(summary: dict, clips: dict | None) -> str:
    if not clips or clips["speaker_counts_right"] is None:
        return NOTHING
    known = summary["recordings"].get(TELEPHONE, 0) + summary["recordings"].get(MEETING, 0)
    return f"{clips['speaker_counts_right']} of {known}"


def _ordered(by_name: dict) -> list[tuple]:
    return [(name, by_name[name]) for name in LABELS if name in by_name]
