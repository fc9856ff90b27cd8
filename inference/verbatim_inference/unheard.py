"""Speech of which the model told no word, and its second hearing.

Whisper hears 30 seconds at once. Where the same is said again and again in them, it tells it once, or gives the window
up: a sentence said five times comes back once, a cry for help said twenty times not at all. So where the detector hears
speech and no word stands, that part is recognized again by itself, once. What comes of it is believed only where the
model is sure: a cough must not become a sentence."""

from typing import NamedTuple

import numpy as np

from . import activity
from .audio import RATE

SHORTEST = 0.3
"""Seconds of speech without a word that are worth hearing again."""
MOST = 40
"""Second hearings of one piece; each costs a window of the model. The longest come first."""

LONGEST_WORD = 1.2
"""Seconds. Words that are told to be longer are stretched over a pause, or over what the model passed over."""

_NEAR = 0.2
"""Seconds by which a word's times may be wrong."""
_END_OF_WORD = 0.6
"""Seconds that are believed of either end of a stretched word."""
_LEAD, _TAIL = 0.5, 0.3
"""Seconds of what is around it that are heard with a part, but for other words."""


class Part(NamedTuple):
    """In seconds from the piece's start."""

    start: float
    end: float
    speech: float
    """How much of it is speech."""


def parts(samples: np.ndarray, words: list[tuple[float, float]], spans: list[activity.Span]) -> list[Part]:
    """What is to be heard again, in order. `words`: the times that are told; `spans`: what was listened to."""
    found: list[Part] = []
    for start, end in _gaps(words, [(first / RATE, last / RATE) for first, last in spans]):
        first, last = max(0, int((start - _NEAR) * RATE)), min(samples.size, int((end + _NEAR) * RATE))
        settings = activity.Settings(min_silence_ms=300, min_speech_ms=200, speech_pad_ms=60)
        for one, other in activity.find(samples[first:last], settings):
            begin, finish = max((first + one) / RATE, start), min((first + other) / RATE, end)
            if finish - begin >= SHORTEST:
                part = Part(max(start, begin - _LEAD), min(end, finish + _TAIL), finish - begin)
                found.append(part)
    return sorted(sorted(found, key=lambda part: -part.speech)[:MOST])


def _gaps(words: list[tuple[float, float]], spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The parts of `spans` in which no word stands."""
    covered: list[tuple[float, float]] = []
    for start, end in words:
        if end - start > LONGEST_WORD:
            covered += [(start - _NEAR, start + _END_OF_WORD), (end - _END_OF_WORD, end + _NEAR)]
        else:
            covered.append((start - _NEAR, end + _NEAR))
    covered.sort()
    gaps: list[tuple[float, float]] = []
    place = 0
    for start, end in spans:
        while place < len(covered) and covered[place][1] <= start:
            place += 1
        now = start
        for one, other in covered[place:]:
            if one >= end:
                break
            if one - now >= SHORTEST:
                gaps.append((now, one))
            now = max(now, other)
        if end - now >= SHORTEST:
            gaps.append((now, end))
    return gaps


def is_sure(segment) -> bool:
    """Whether a second hearing is believed."""
    probabilities = [word.probability for word in segment.words or []]
    return (
        bool(probabilities)
        and sum(probabilities) / len(probabilities) >= 0.5
        and segment.avg_logprob >= -0.8
        and segment.no_speech_prob <= 0.6
        and segment.compression_ratio <= 2.4
    )
