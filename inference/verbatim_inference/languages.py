"""Detects the spoken language, once, from the first 30 seconds of speech."""

import numpy as np

from . import activity
from .audio import RATE
from .model import Model
from .pool import Stop

_ENOUGH = 30 * RATE
_BLOCK = 120 * RATE


def detect(model: Model, samples: np.ndarray, stop: Stop) -> dict:
    """Returns the answer. `language` is null if nobody speaks."""
    speech = _first_speech(samples, stop)
    if not speech.size:
        return {"language": None, "probability": 0.0, "all": []}
    if not model.is_multilingual:
        return {"language": "en", "probability": 1.0, "all": [["en", 1.0]]}
    stop.check()
    language, probability, ranking = model.whisper.detect_language(speech)
    return {
        "language": language,
        "probability": round(probability, 4),
        "all": [[code, round(share, 4)] for code, share in ranking[:5]],
    }


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
