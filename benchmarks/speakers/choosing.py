"""Which value of each number of the clustering is best, each chosen without the recording that judges it:

    PYTHONPATH=benchmarks:inference benchmarks/.venv/bin/python -m speakers.choosing --data DIR --voices DIR

One number at a time, the others as they are. Prints the errors of each value on the recordings and on the made conversations;
and what comes of choosing: leave-one-out on the recordings, and on each half of the voices by the other half. Numbers of the
segmentation are as the server has them."""

import argparse
import pathlib
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from bench.run import CHECKOUT
from bench.table import Table
from recognition import recordings

from . import conversations, scores, sounds, voices
from .answers import Diarizer, Track, turns
from .kinds import KINDS
from .likeness import likeness_of

VALUES = {
    "half_seconds": (0.7, 0.9, 1.1, 1.4, 1.8),
    "reliability": (0.75, 0.78, 0.82, 0.86, 0.9),
    "strangers": (0.0, 0.05, 0.1, 0.15),
    "threshold": (-8.0, -4.0, 0.0, 4.0, 8.0),
    "apart": (0.0, 0.1, 0.2, 0.3),
    "founder_seconds": (0.3, 0.4, 0.6, 0.8),
    "speaker_seconds": (0.3, 0.4, 0.6, 1.0),
    "speaker_share": (0.0, 0.01, 0.015, 0.03),
}
COUNT_COSTS = 0.02
"""A count that is off by one weighs as much as so much of the error rate, for each recording."""


def best(costs: Mapping[float, float], now: float) -> float:
    """The value that costs least; among equals the one that is nearest to the present one."""
    return min(costs, key=lambda value: (round(costs[value], 6), abs(value - now)))


def left_out(costs: Mapping[float, list[float]], now: float) -> list[float]:
    """For each recording, the value that is best for all others. `costs`: of each value, for each recording."""
    count = len(next(iter(costs.values())))
    return [
        best({value: sum(of) - of[one] for value, of in costs.items()}, now) for one in range(count)
    ]


def cost(one: scores.Score) -> float:
    return one.errors / max(one.speech, 1e-9) + COUNT_COSTS * abs(one.speakers - one.found)


def main() -> int:
    from verbatim_inference.diarization import clustering

    parser = argparse.ArgumentParser(prog="speakers.choosing")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--voices", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sets = _sets(arguments)

    def judged(name: str, value: float, heard) -> list[scores.Score]:
        settings = replace(clustering.Settings(), **{name: value})
        return [scores.score(said, _labeled(tracks, clustering, settings)) for tracks, said in heard]

    rows = []
    for name, values in VALUES.items():
        found = {value: [judged(name, value, heard) for heard in sets] for value in values}
        now = getattr(clustering.Settings(), name)
        for value in values:
            rows.append([f"{name} = {value:g}" + (" (now)" if value == now else ""), *map(_cell, found[value])])
        costs = {value: [[cost(one) for one in of] for of in found[value]] for value in values}
        alone = left_out({value: of[0] for value, of in costs.items()}, now)
        chosen = [found[value][0][at] for at, value in enumerate(alone)]
        other = [best({value: sum(of[3 - half]) for value, of in costs.items()}, now) for half in (1, 2)]
        rows.append([f"{name}, chosen elsewhere", _cell(chosen), *(_cell(found[one][half]) for half, one in zip((1, 2), other))])
    print(Table(["", "recordings", "conversations, a", "conversations, b"], rows).text())
    return 0


def _cell(found: list[scores.Score]) -> str:
    sums = scores.add_up(found)
    return f"{sums.rate:.3f}, {sums.counts_right} of {sums.recordings}"


def _sets(arguments: argparse.Namespace) -> list[list[tuple[list[Track], list]]]:
    """The recordings, and the conversations of each half of the voices: tracks, and who spoke when."""
    known = recordings.load(CHECKOUT / "Tests" / "Fixtures" / "librivox", arguments.data)
    known = [one for one in known if one.turns is not None]
    with tempfile.TemporaryDirectory() as folder:
        diarizer = Diarizer(CHECKOUT, pathlib.Path(folder) / "server.log")
        try:
            sets = [[(diarizer.tracks(sounds.decode(one.path)), list(one.turns)) for one in known]]
            for _, own, likeness in halves(arguments.voices, known, diarizer.tracks):
                made = (
                    conversations.make(kind, own, likeness, arguments.seed * 1000 + number)
                    for kind, count in KINDS
                    for number in range(count)
                )
                sets.append([(diarizer.tracks(one.samples), one.turns) for one in made])
        finally:
            diarizer.stop()
    return sets


def halves(folder: pathlib.Path, known: list[recordings.Recording], tracks: Callable[[np.ndarray], list[Track]]):
    """Twice: a letter, half of the voices, and their likeness. What is chosen on one half is judged on the other."""
    every = voices.of_folder(folder) + voices.of_recordings(known)
    every += [voices.altered(one, speed) for one in every if one.is_recorded and one.seconds >= 4 for speed in (0.88, 1.14)]
    likeness = likeness_of(every, tracks)
    for half, letter in enumerate("ab"):
        chosen = list(range(half, len(every), 2))
        yield letter, [every[one] for one in chosen], likeness[np.ix_(chosen, chosen)]


def _labeled(tracks: list[Track], clustering, settings) -> list:
    known = [track for track in tracks if track.embedding is not None]
    if not known:
        return []
    places: dict[tuple[int, int], int] = {}
    groups = [places.setdefault((track.section, track.group), len(places)) for track in known]
    vectors = np.stack([track.embedding for track in known])
    of = clustering.Tracks(vectors, np.array([track.seconds for track in known], np.float32), np.array(groups))
    return turns(known, clustering.label(of, None, settings).tolist())


if __name__ == "__main__":
    sys.exit(main())
