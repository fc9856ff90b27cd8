"""Detects the spoken language, once, from the first 30 seconds of speech."""

import numpy as np

from . import activity
from .audio import RATE
from .model import Model
from .pool import Stop

_ENOUGH = 30 * RATE
_BLOCK = 120 * RATE


def detect(model: Model, samples: np.ndarray, allowed: tuple[str, ...], stop: Stop) -> dict:
    """Returns the answer. `language` is null if nobody speaks. With `allowed`, only these languages count: their probabilities add up
    to 1."""
    speech = _first_speech(samples, stop)
    if not speech.size:
        return {"language": None, "probability": 0.0, "all": []}
    if not model.is_multilingual:
        return {"language": "en", "probability": 1.0, "all": [["en", 1.0]]}
    stop.check()
    _, _, ranking = model.whisper.detect_language(speech)
    ranking = among(ranking, allowed)
    return {
        "language": ranking[0][0],
        "probability": round(ranking[0][1], 4),
        "all": [[code, round(share, 4)] for code, share in ranking[:5]],
    }


def among(ranking: list[tuple[str, float]], allowed: tuple[str, ...]) -> list[tuple[str, float]]:
    """Returns the part of a ranking with the allowed languages, as shares of 1; the whole ranking if all are allowed."""
    if not allowed:
        return ranking
    part = [(code, share) for code, share in ranking if code in allowed]
    total = sum(share for _, share in part)
    # With probabilities that are all rounded to 0, each language is as probable as another.
    return [(code, share / total if total else 1 / len(part)) for code, share in part]


def _first_speech(samples: np.ndarray, stop: Stop) -> np.ndarray:
    """Returns the first 30 seconds of speech. It works block by block, so that a long file that begins with speech costs
    little."""
    found: list[np.ndarray] = []
    size = 0
    for start in range(0, samples.size, _BLOCK):
        stop.check()
        block = samples[start : start + _BLOCK]
        found.append(activity.joined(block, activity.find(block, activity.Settings())))
        size += found[-1].size
        if size >= _ENOUGH:
            break
    return np.concatenate(found)[:_ENOUGH]
