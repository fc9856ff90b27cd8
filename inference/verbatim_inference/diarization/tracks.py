"""What diarization of a section gives: tracks, each the turns of one voice over a short while."""

from dataclasses import dataclass, field

import numpy as np

Turn = tuple[float, float]
"""Seconds from the start of the file that was sent."""


@dataclass(frozen=True)
class Track:
    turns: list[Turn]
    """Ascending, without overlap among themselves. Turns of two tracks overlap where both speak."""
    embedding: np.ndarray | None
    """Of unit length; None where too little was said to describe the voice."""
    seconds: float
    """Speech of this voice alone that the embedding was made from."""
    group: int
    """Tracks of one group were heard side by side and told apart: they are not one speaker without strong reason."""
