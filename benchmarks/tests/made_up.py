"""Measurements and summaries for tests, made up."""

import pathlib

from bench.meter import Reading
from recognition import summary
from recognition.answer import Answer, Word
from recognition.concatenation import Placement
from recognition.material import Material, SoundFile
from recognition.measurement import Measurement
from recognition.recordings import READ, Recording
from recognition.word_errors import WordErrors

MACHINE = {"cores_used": 2, "cores": 2, "cpu": "Quick & Co", "memory_gb": 8, "system": "Debian"}


def measurement(contender: str, turn: int, seconds: float, cpu: float, diarization: str | None = None) -> Measurement:
    """Of 600 s of audio."""
    reading = Reading(seconds, {"service": cpu}, {"service": 500_000_000}, 500_000_000, 0.02, 0.1)
    answer = Answer([Word("one", 0, 1)], "en", diarization, processing_seconds=seconds / 2)
    return Measurement(contender, turn, 600.0, answer, reading, {READ: WordErrors(100, substitutions=5)}, None)


def material() -> Material:
    path = pathlib.Path("one.wav")
    whole = SoundFile("whole", path, 600.0, [Placement(0, 0.5, 3.5)], [(path, 0.0)])
    return Material([Recording("librivox/one", path, READ, "one")], [], whole)


def summed(*measurements: Measurement, minutes: int = 10, machine: dict = MACHINE, date: str = "2026-01-02") -> dict:
    circumstances = summary.Circumstances(date, "abc", machine, {"engine": "1.0"}, minutes, 1, 2)
    return summary.summarize(circumstances, material(), list(measurements), {})
