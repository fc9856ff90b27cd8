"""What a contender answers, whoever it is."""

from dataclasses import dataclass, field

from .recordings import Turn


@dataclass(frozen=True)
class Word:
    """A word as it was written, and its place in the recording, in seconds."""

    text: str
    start: float
    end: float
    speaker: str | None = None


@dataclass(frozen=True)
class Answer:
    words: list[Word]
    language: str | None = None
    diarization: str | None = None
    """What told the speakers apart, by its name; None where nothing did."""
    turns: list[Turn] | None = None
    """Who speaks when, where the answer says so; None: to be told from the words alone."""
    processing_seconds: float | None = None
    """From the moment the contender had the whole file until it was done; None: not to be told from the whole."""
    error: str | None = None
    """The code of the error, when the contender refused the recording or failed."""
    details: dict = field(default_factory=dict)
    """Further figures, for the raw results."""


def spread_over(text: str, start: float, end: float) -> list[Word]:
    """The words of a segment without word times, evenly spread over it."""
    words = text.split()
    step = (end - start) / max(1, len(words))
    return [Word(word, start + index * step, start + (index + 1) * step) for index, word in enumerate(words)]
