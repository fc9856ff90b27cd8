"""Voices that conversations are made of: each a list of utterances.

They are cut from recordings with known speakers, where one speaks alone; and read from a folder that has a folder with WAV
files for each voice (`gather.py` fills one)."""

import pathlib
from dataclasses import dataclass

import numpy as np

from recognition.recordings import Recording

from .sounds import RATE, decode, level

_SHORTEST = 0.4  # seconds
_MARGIN = 0.1  # seconds between an utterance and what somebody else says


@dataclass(frozen=True)
class Voice:
    name: str
    utterances: tuple[np.ndarray, ...]
    is_recorded: bool = False
    """In a conversation, not alone."""

    @property
    def seconds(self) -> float:
        return sum(one.size for one in self.utterances) / RATE


def of_folder(folder: pathlib.Path) -> list[Voice]:
    voices = []
    for place in sorted(one for one in folder.iterdir() if one.is_dir()):
        utterances = [decode(path) for path in sorted(place.glob("*.wav"))]
        voices.append(Voice(place.name, tuple(level(one) for one in utterances if one.size)))
    return [voice for voice in voices if voice.utterances]


def altered(voice: Voice, speed: float) -> Voice:
    """Another person: lower and slower, or higher and faster. Embedding models are trained to tell these apart."""

    def change(samples: np.ndarray) -> np.ndarray:
        return np.interp(np.arange(0, samples.size - 1, speed), np.arange(samples.size), samples).astype(np.float32)

    return Voice(f"{voice.name}x{speed}", tuple(change(one) for one in voice.utterances))


def of_recordings(recordings: list[Recording]) -> list[Voice]:
    """Speakers of one name are one person in all recordings."""
    utterances: dict[str, list[np.ndarray]] = {}
    for recording in recordings:
        if recording.turns is None:
            continue
        samples = decode(recording.path)
        for speaker, start, end in _alone(recording):
            utterances.setdefault(speaker, []).append(level(samples[round(start * RATE) : round(end * RATE)]))
    return [Voice(name, tuple(found), is_recorded=True) for name, found in sorted(utterances.items())]


def _alone(recording: Recording) -> list[tuple[str, float, float]]:
    found = []
    for turn in recording.turns:
        pieces = [(turn.start, turn.end)]
        for other in recording.turns:
            if other.speaker != turn.speaker:
                first, last = other.start - _MARGIN, other.end + _MARGIN
                pieces = [piece for start, end in pieces for piece in ((start, min(end, first)), (max(start, last), end))]
        found += [(turn.speaker, start, end) for start, end in pieces if end - start >= _SHORTEST]
    return found
