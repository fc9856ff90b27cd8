"""One long file out of short recordings: their order, and where each lies.

Only plans: the audio is written by engine/compose.py. The same durations, length and seed give the same plan."""

import random
from dataclasses import dataclass

SHORTEST_GAP, LONGEST_GAP = 0.3, 1.0
"""Seconds of silence before each recording, and after the last; evenly distributed."""


@dataclass(frozen=True)
class Placement:
    """A recording, by its number, and where it lies, in seconds."""

    recording: int
    start: float
    end: float


@dataclass(frozen=True)
class Plan:
    placements: list[Placement]
    duration: float
    """Seconds."""
    half: float
    """Where to cut it into two parts with about as much speech each: in a silence, in seconds."""


def plan(durations: list[float], speech: list[float], minutes: float, seed: int) -> Plan:
    """Every recording once in a random order, then every one again in another, until the length is reached.

    `durations` and `speech`: seconds of each recording, and of speech in it."""
    chance = random.Random(seed)
    placements: list[Placement] = []
    now = _gap(chance)
    while now < minutes * 60:
        order = list(range(len(durations)))
        chance.shuffle(order)
        for recording in order:
            placements.append(Placement(recording, now, now + durations[recording]))
            now += durations[recording] + _gap(chance)
            if now >= minutes * 60:
                break
    return Plan(placements, now, _half(placements, speech))


def _gap(chance: random.Random) -> float:
    """Whole milliseconds, so that a gap is a whole number of samples."""
    return round(chance.uniform(SHORTEST_GAP, LONGEST_GAP), 3)


def _half(placements: list[Placement], speech: list[float]) -> float:
    total = sum(speech[placement.recording] for placement in placements)
    best, before = 0.0, 0.0
    least = float("inf")
    for one, following in zip(placements, placements[1:]):
        before += speech[one.recording]
        if abs(before - total / 2) < least:
            best, least = (one.end + following.start) / 2, abs(before - total / 2)
    return best
