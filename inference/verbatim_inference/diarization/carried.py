"""The pipeline with the bundled models: segmentation-3.0 and CAM++.

It works on windows of 10 seconds that overlap by half. For each voice in each window it finds the turns, and computes a vector
from the voice's clean speech in that window. If a voice clearly continues from the previous window, the vector from there is
used again, which saves two fifths of the embedding. Then turns are cut to pieces, and each piece goes to the voice that it
sounds like (`resegmentation`). Windows without speech cost nothing. Between windows it checks the `Stop`.

The models are loaded on first use. Several threads may use their sessions at a time."""

import pathlib
import threading
from dataclasses import dataclass

import numpy as np

from ..activity import Span
from ..audio import RATE
from ..pool import Stop
from . import clustering, resegmentation, resolution
from .counts import Count
from .embedding import Embedding
from .segmentation import FRAME, FRAMES, WINDOW, Activity, Segmentation
from .tracks import Track, Turn

_STEP = 297  # frames: about half a window, so that the frames of all windows are on one grid
_FIRST = 360  # the sample where frame 0 begins: its middle minus half a frame
_BATCH = 2  # windows per run: larger batches take memory and are not faster


@dataclass(frozen=True)
class Settings:
    decisions: resolution.Settings = resolution.Settings()
    bridge: float = 0.3
    """Shorter silences within a voice, in seconds, do not end a turn."""
    shortest: float = 0.15
    """Shorter turns, in seconds, are dropped."""
    embedded: float = 5.0
    """A vector is made from at most this many seconds of a voice."""
    piece: float = 0.3
    """Shorter pieces of clean speech, in seconds, are left out if there are longer ones."""
    least: float = 0.25
    """No vector is made from less speech than this, in seconds."""
    shared: float = 2.0
    """A vector from at least this many seconds is reused for the same voice in the next window …"""
    common: float = 1.5
    """… if the voice speaks for this many seconds in the part that both windows have …"""
    agreement: float = 0.8
    """… and both windows agree on at least this share of them."""
    pieces: resegmentation.Settings = resegmentation.Settings()


class Carried:
    model = "segmentation-3.0+campplus"
    section_seconds = 600
    clustering = clustering.Settings()

    def __init__(self, directory: pathlib.Path, settings: Settings = Settings()) -> None:
        self._directory = directory
        self._settings = settings
        self._lock = threading.Lock()
        self._loaded: tuple[Segmentation, Embedding] | None = None

    def tracks(self, samples: np.ndarray, speech: tuple[Span, ...] | None, expected: Count | None, stop: Stop) -> list[Track]:
        """Returns the tracks. `speech`: where somebody speaks, in samples; None: not known, so every window is used."""
        segmentation, embedding = self._models()
        starts = [start for start in _starts(samples.size) if _is_wanted(start * FRAME, speech)]
        activities = []
        for index in range(0, len(starts), _BATCH):
            stop.check()
            windows = np.zeros((len(starts[index : index + _BATCH]), WINDOW), np.float32)
            for row, start in zip(windows, starts[index : index + _BATCH]):
                heard = samples[start * FRAME : start * FRAME + WINDOW]
                row[: heard.size] = heard
            activities += segmentation.run(windows)
        tracks = []
        made: dict[tuple[int, int], tuple[np.ndarray | None, float]] = {}
        for voice in resolution.resolve(starts, activities, self._settings.decisions):
            stop.check()
            turns = self._turns(voice, samples.size / RATE)
            if turns:
                vector, seconds = self._shared(voice, starts, activities, made) or (None, 0.0)
                if vector is None:
                    vector, seconds = made[voice.window, voice.number] = self._vector(voice, samples, embedding)
                tracks.append(Track(turns, vector, seconds, voice.window))

        def vector_of(start: float, end: float) -> np.ndarray | None:
            stop.check()
            return embedding.run([samples[int(start * RATE) : int(end * RATE)]])

        most = Count(1, expected.most) if expected else None  # not everybody speaks in every section
        labels = clustering.labels(tracks, most, self.clustering)
        return resegmentation.moved(tracks, labels, vector_of, self.clustering, self._settings.pieces)

    def _models(self) -> tuple[Segmentation, Embedding]:
        with self._lock:
            if self._loaded is None:
                segmentation = Segmentation(self._directory / "segmentation-3.0.onnx")
                self._loaded = segmentation, Embedding(self._directory / "campplus_zh_en_advanced.onnx")
            return self._loaded

    def _shared(self, voice: resolution.Voice, starts: list[int], activities: list[Activity], made: dict):
        """Returns the vector that was made for this voice in the previous window, and its seconds; None if there is none
        to share. A shared vector is not shared again, so that at least every second window makes a new one."""
        common = starts[voice.window - 1] + FRAMES - starts[voice.window] if voice.window else 0
        if common <= 0:
            return None
        before, after = activities[voice.window - 1].voices[-common:], activities[voice.window].voices[:common]
        least = round(self._settings.common * RATE / FRAME)
        number = resolution.continued(before, after, voice.number, least, self._settings.agreement)
        vector, seconds = made.get((voice.window - 1, number), (None, 0.0))
        return (vector, seconds) if seconds >= self._settings.shared else None

    def _vector(
        self, voice: resolution.Voice, samples: np.ndarray, embedding: Embedding
    ) -> tuple[np.ndarray | None, float]:
        """Returns the vector, and the seconds of speech that it is made of."""
        pieces = self._pieces(voice)
        seconds = sum(end - start for start, end in pieces) / RATE
        if seconds < self._settings.least:
            return None, seconds
        return embedding.run([samples[start:end] for start, end in pieces]), seconds

    def _turns(self, voice: resolution.Voice, duration: float) -> list[Turn]:
        turns: list[Turn] = []
        for start, end in _samples(voice, voice.speaks):
            if turns and start / RATE - turns[-1][1] <= self._settings.bridge:
                turns[-1] = (turns[-1][0], min(end / RATE, duration))
            else:
                turns.append((start / RATE, min(end / RATE, duration)))
        return [turn for turn in turns if turn[1] - turn[0] >= self._settings.shortest]

    def _pieces(self, voice: resolution.Voice) -> list[Span]:
        """Returns the pieces that the vector is made from: clean speech if there is enough, the longest pieces first."""
        least = self._settings.piece * RATE
        pieces = [piece for piece in _samples(voice, voice.alone) if piece[1] - piece[0] >= least]
        pieces = pieces or _samples(voice, voice.alone) or _samples(voice, voice.speaks)
        room = int(self._settings.embedded * RATE)
        chosen: list[Span] = []
        for start, end in sorted(pieces, key=lambda piece: piece[0] - piece[1]):
            if room >= least:
                chosen.append((start, min(end, start + room)))
                room -= chosen[-1][1] - start
        return sorted(chosen)


def _starts(size: int) -> list[int]:
    """Returns the first frames of the windows that cover `size` samples. The last window ends where the samples end."""
    last = max(0, -(-(size - WINDOW) // FRAME))
    return [*range(0, last, _STEP), last]


def _is_wanted(start: int, speech: tuple[Span, ...] | None) -> bool:
    return speech is None or any(first < start + WINDOW and end > start for first, end in speech)


def _samples(voice: resolution.Voice, frames: np.ndarray) -> list[Span]:
    """Converts runs of frames to spans of samples."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], frames.astype(np.int8), [0]])))
    return [
        ((voice.first + int(start)) * FRAME + _FIRST, (voice.first + int(end)) * FRAME + _FIRST)
        for start, end in zip(edges[::2], edges[1::2])
    ]
