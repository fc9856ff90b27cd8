"""Turns overlapping windows into voices that do not contradict each other.

Each frame is decided once, from all windows that contain it: how many speak, and which of the windows' voices they are. The
nearer a frame is to the middle of a window, the more that window counts. Voices of neighboring windows are not joined here,
because that could not be undone. Clustering joins them; it sees the whole file."""

from dataclasses import dataclass

import numpy as np

from .segmentation import FRAMES, Activity


@dataclass(frozen=True)
class Settings:
    speech: float = 0.45
    """From this probability on, somebody speaks. Below 0.5, because missed speech costs more than invented speech: it
    leaves a word without a speaker."""
    overlap: float = 0.5
    """From this probability on, two speak."""


@dataclass(frozen=True)
class Voice:
    """One voice of one window. Arrays have one element per frame, from `first` on."""

    window: int
    number: int
    """The voice's number in its window."""
    first: int
    """The window's first frame."""
    speaks: np.ndarray
    """Whether this voice speaks, as decided from all windows."""
    alone: np.ndarray
    """Whether only this voice speaks, according to this window alone."""


def resolve(starts: list[int], activities: list[Activity], settings: Settings) -> list[Voice]:
    """Returns the voices that speak. `starts`: the first frame of each window, ascending."""
    total = starts[-1] + FRAMES if starts else 0
    weight, anybody, several = np.zeros((3, total), np.float32)
    best = np.zeros((2, total), np.float32)
    names = np.full((2, total), -1, np.int32)
    for window, (start, activity) in enumerate(zip(starts, activities)):
        here = slice(start, start + FRAMES)
        weight[here] += _MIDDLE
        anybody[here] += _MIDDLE * activity.anybody
        several[here] += _MIDDLE * activity.several
        for voice, probability in enumerate(activity.voices.T):
            _place(best[:, here], names[:, here], _MIDDLE * probability, window * len(activity.voices.T) + voice)
    weight[weight == 0] = 1  # frames of skipped windows
    speaking = anybody >= settings.speech * weight
    overlapping = several >= settings.overlap * weight
    voices = []
    for window, (start, activity) in enumerate(zip(starts, activities)):
        here = slice(start, start + FRAMES)
        clean = (activity.anybody >= 0.5) & (activity.several < 0.5)
        for voice, probability in enumerate(activity.voices.T):
            name = window * len(activity.voices.T) + voice
            speaks = speaking[here] & ((names[0, here] == name) | overlapping[here] & (names[1, here] == name))
            if speaks.any():
                voices.append(Voice(window, voice, start, speaks, clean & (probability >= 0.5)))
    return voices


def continued(before: np.ndarray, after: np.ndarray, voice: int, least: int, part: float) -> int | None:
    """Returns which voice of a window continues as this `voice` of the next one, judged by the frames that both windows
    have: `before` and `after`, (frames, voices). Returns None unless both speak in at least `least` of these frames, and
    in at least the share `part` of the frames in which one of them speaks."""
    both = np.minimum(before, after[:, voice : voice + 1]).sum(axis=0)
    either = np.maximum(before, after[:, voice : voice + 1]).sum(axis=0)
    other = int(both.argmax())
    return other if both[other] >= max(least, part * either[other]) else None


_MIDDLE = np.minimum(np.arange(1, FRAMES + 1), np.arange(FRAMES, 0, -1)).astype(np.float32) / FRAMES


def _place(best: np.ndarray, names: np.ndarray, score: np.ndarray, name: int) -> None:
    """Updates the two most probable voices of each frame, in place."""
    leads = score > best[0]
    follows = ~leads & (score > best[1])
    for kept, new in ((best, score), (names, name)):
        kept[1] = np.where(leads, kept[0], np.where(follows, new, kept[1]))
        kept[0] = np.where(leads, new, kept[0])
