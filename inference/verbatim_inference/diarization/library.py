"""pyannote.audio's own pipeline, if that library is installed with its weights (machines with a GPU).

It diarizes a section as a whole. Its speakers become the tracks, with one vector each. Clustering then only joins speakers of
different sections. The pipeline cannot be used by two threads, so it works on one section at a time."""

import importlib.util
import inspect
import math
import os
import pathlib
import threading

import numpy as np

from ..activity import Span
from ..audio import RATE
from ..pool import Stop
from . import clustering
from .counts import Count
from .tracks import Track

DEFAULT = "pyannote/speaker-diarization-3.1"


class LibraryError(Exception):
    """The pipeline is not available; the text says why, in a few words."""


class Library:
    section_seconds = 3600
    clustering = clustering.Settings(
        half_seconds=0,  # each vector is from all that a speaker says in a section
        reliability=0.825,  # so that clusters are merged from a cosine of 0.6 on
        strangers=0,
        certain=15,
        never=-100,
        apart=2,
        founder_seconds=0,
        speaker_seconds=0,
        speaker_share=0,
        speaker_most=0,
    )

    def __init__(self, name: str, device: str) -> None:
        """Loads the pipeline, or downloads it from the Hugging Face hub. Raises `LibraryError`."""
        if not is_installed():
            raise LibraryError("pyannote.audio is not installed")
        os.environ.setdefault("PYANNOTE_METRICS_ENABLED", "0")  # else version 4 tells its makers of each use
        try:
            import torch
            from pyannote.audio import Pipeline

            pipeline = Pipeline.from_pretrained(name)
            if pipeline is None:  # version 3.x returns None if the hub refuses
                raise LibraryError(f"the hub refuses the weights of {name}; accept their license there, and log in to the hub")
            if device == "cuda" or device == "auto" and torch.cuda.is_available():
                pipeline.to(torch.device("cuda"))
        except LibraryError:
            raise
        except Exception as error:  # the hub, the file system and torch each raise their own types
            raise LibraryError(f"{name} cannot be loaded ({type(error).__name__})") from error
        self.model = _model(name)
        self._from_numpy = torch.from_numpy
        self._pipeline = pipeline
        takes = inspect.signature(getattr(pipeline, "apply", pipeline.__call__)).parameters
        self._options = {"return_embeddings": True} if "return_embeddings" in takes else {}  # version 4 always returns them
        self._lock = threading.Lock()

    def tracks(
        self, samples: np.ndarray, speech: tuple[Span, ...] | None, expected: Count | None, stop: Stop
    ) -> list[Track]:
        """Returns the tracks. `speech` is only used to skip a section without any."""
        if speech == ():
            return []
        while not self._lock.acquire(timeout=0.5):
            stop.check()
        try:
            stop.check()
            file = {"waveform": self._from_numpy(samples[None]), "sample_rate": RATE}
            answer = self._pipeline(file, **_numbers(expected), **self._options)
        finally:
            self._lock.release()
        annotation, vectors = answer if isinstance(answer, tuple) else (answer.speaker_diarization, answer.speaker_embeddings)
        tracks = []
        for row, label in enumerate(annotation.labels()):
            segments = annotation.label_timeline(label).support()
            turns = [(max(0.0, segment.start), min(segment.end, samples.size / RATE)) for segment in segments]
            turns = [turn for turn in turns if turn[0] < turn[1]]
            if turns:
                seconds = sum(end - start for start, end in turns)
                tracks.append(Track(turns, None if vectors is None else _unit(vectors[row]), seconds, 0))
        return tracks


def is_installed() -> bool:
    try:
        return importlib.util.find_spec("pyannote.audio") is not None
    except ModuleNotFoundError:  # there is no package `pyannote` at all
        return False


def _numbers(expected: Count | None) -> dict[str, int]:
    if expected is None:
        return {}
    if expected.exact:
        return {"num_speakers": expected.exact}
    return {"min_speakers": expected.least, "max_speakers": expected.most}


def _model(name: str) -> str:
    """Returns the model's name for transcripts: the hub's name, or the folder's name if a path was given."""
    path = pathlib.PurePath(name)
    if not pathlib.Path(name).exists():
        return name
    return path.parent.name if path.suffix in (".yaml", ".yml") else path.name


def _unit(vector: np.ndarray) -> np.ndarray | None:
    """Returns the vector with unit length. None if the pipeline has no vector for a speaker; it then returns zeros or NaN."""
    length = float(np.linalg.norm(vector))
    return (vector / length).astype(np.float32) if 0 < length < math.inf else None
