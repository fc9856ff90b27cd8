"""Turns voices into vectors, with 3D-Speaker's CAM++ over filter banks."""

import pathlib

import numpy as np

from . import features
from .sessions import open_session

DIMENSION = 192


class Embedding:
    def __init__(self, path: pathlib.Path) -> None:
        self._session = open_session(path)

    def run(self, pieces: list[np.ndarray]) -> np.ndarray | None:
        """Returns the vector of the voice in these pieces of audio, of unit length; None if they are too short."""
        banks = np.concatenate([features.filter_banks(piece) for piece in pieces])
        if not len(banks):
            return None
        banks -= banks.mean(axis=0)  # removes the effects of the channel and of loudness
        (vectors,) = self._session.run(None, {"x": banks[None]})
        vector = vectors[0].astype(np.float32)
        length = float(np.linalg.norm(vector))
        return vector / length if length > 0 else None
