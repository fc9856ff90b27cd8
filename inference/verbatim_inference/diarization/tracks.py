"""The result of diarizing a section: tracks. Each has the turns of one voice within a short time."""

from dataclasses import dataclass, field

import numpy as np

Turn = tuple[float, float]
"""Start and end, in seconds from the start of the file in the request."""


@dataclass(frozen=True)
class Track:
    turns: list[Turn]
    """Ascending, without overlap. Turns of different tracks overlap where both speak."""
    embedding: np.ndarray | None
    """The vector that describes the voice, of unit length; None if there was too little of it."""
    seconds: float
    """Seconds of speech that the embedding was made from, in which only this voice speaks."""
    group: int
    """Tracks with the same number are from one window and are different voices. Without a strong reason, they are not one
    speaker."""
