"""Finds speech in which the model recognized no word, for a second recognition.

Whisper processes 30 seconds at a time. If the same words are said again and again in them, it may write them only once, or
nothing: a sentence said five times comes back once, a cry for help said twenty times not at all. So a part with detected
speech and without words is recognized again by itself, once. The result is trusted only if the model is sure, so that a cough
does not become a sentence."""

from typing import NamedTuple

import numpy as np

from . import activity
from .audio import RATE

SHORTEST = 0.3
"""Seconds. Shorter speech without a word is not recognized again."""
MOST = 40
"""The maximum number of second recognitions per request; the longest parts are chosen. Each costs a short window of the model."""

LONGEST_WORD = 1.2
"""Seconds. Words with longer times are stretched over a pause, or over speech that the model skipped."""

_NEAR = 0.2
"""Seconds by which a word's times may be wrong."""
_END_OF_WORD = 0.6
"""Seconds at either end of a stretched word that count as the word."""
_LEAD, _TAIL = 0.5, 0.3
"""Seconds before and after a part that are recognized with it, unless they have other words."""


class Part(NamedTuple):
    """Times are in seconds from the start of the audio."""

    start: float
    end: float
    speech: float
    """Seconds of speech in it."""


def parts(samples: np.ndarray, words: list[tuple[float, float]], spans: list[activity.Span]) -> list[Part]:
    """Returns the parts to recognize again, in order. `words`: the words' times, in seconds; `spans`: what was recognized, in
    samples."""
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
    """Returns the parts of `spans` without words."""
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
    """Returns whether to trust a segment of a second recognition."""
    probabilities = [word.probability for word in segment.words or []]
    return (
        bool(probabilities)
        and sum(probabilities) / len(probabilities) >= 0.5
        and segment.avg_logprob >= -0.8
        and segment.no_speech_prob <= 0.6
        and segment.compression_ratio <= 2.4
    )
