"""How alike voices are, as the model hears them."""

from collections.abc import Callable

import numpy as np

from .answers import Track
from .sounds import RATE
from .voices import Voice

_ENOUGH = 30.0  # seconds of a voice


def likeness_of(voices: list[Voice], tracks: Callable[[np.ndarray], list[Track]]) -> np.ndarray:
    """The cosine of each two voices' mean vectors."""
    means = []
    for voice in voices:
        heard = tracks(np.concatenate(voice.utterances)[: int(_ENOUGH * RATE)])
        vectors = [track.embedding * track.seconds for track in heard if track.embedding is not None]
        mean = np.sum(vectors, axis=0) if vectors else np.zeros(1)
        means.append(mean / (np.linalg.norm(mean) or 1))
    width = max(mean.size for mean in means)
    every = np.stack([mean if mean.size == width else np.zeros(width) for mean in means])
    return every @ every.T
