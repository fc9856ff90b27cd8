"""Speaker segmentation: which of up to three voices speak in each frame of a window of 10 seconds (pyannote's
segmentation-3.0). Each window numbers its voices on its own."""

import pathlib
from dataclasses import dataclass

import numpy as np

from .sessions import open_session

WINDOW = 160_000
"""Samples per window, the model's input."""
FRAME = 270
"""Samples from one frame to the next. Frame 0 covers the first 991 samples."""
FRAMES = 589
VOICES = 3
_SETS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]], np.float32)
"""The model's seven classes: nobody speaks, one of three voices does, or two of three."""


@dataclass(frozen=True)
class Activity:
    """Probabilities in a window, with one row per frame."""

    voices: np.ndarray
    """(frames, 3): that each voice speaks."""
    anybody: np.ndarray
    """(frames,): that somebody speaks."""
    several: np.ndarray
    """(frames,): that two speak at a time."""


class Segmentation:
    def __init__(self, path: pathlib.Path) -> None:
        self._session = open_session(path)

    def run(self, windows: np.ndarray) -> list[Activity]:
        """Returns the activity of each window. `windows`: an array (n, WINDOW) of samples from -1 to 1."""
        (logarithms,) = self._session.run(None, {"x": windows[:, None, :]})
        classes = np.exp(logarithms)
        return [Activity(one @ _SETS, 1 - one[:, 0], one[:, 4:].sum(axis=1)) for one in classes]
