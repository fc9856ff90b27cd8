"""Speech detection: where somebody speaks in a recording (Silero's detector, which comes with faster-whisper)."""

from dataclasses import dataclass

import numpy as np

from .audio import RATE

Span = tuple[int, int]
"""The index of the first sample, and of the one after the last."""


@dataclass(frozen=True)
class Settings:
    threshold: float = 0.5
    min_silence_ms: int = 2000
    """Shorter silences do not end a span."""
    min_speech_ms: int = 0
    speech_pad_ms: int = 400
    """Added at both ends of a span."""


def find(samples: np.ndarray, settings: Settings) -> list[Span]:
    """Returns spans in ascending order that do not overlap."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        threshold=settings.threshold,
        min_silence_duration_ms=settings.min_silence_ms,
        min_speech_duration_ms=settings.min_speech_ms,
        speech_pad_ms=settings.speech_pad_ms,
    )
    return [(int(s["start"]), int(s["end"])) for s in get_speech_timestamps(samples, options)]


def joined(samples: np.ndarray, spans: list[Span]) -> np.ndarray:
    return np.concatenate([samples[start:end] for start, end in spans] or [samples[:0]])


def report(samples: np.ndarray, settings: Settings) -> dict:
    spans = find(samples, settings)
    return {
        "duration": round(samples.size / RATE, 3),
        "speech": [{"start": round(start / RATE, 3), "end": round(end / RATE, 3)} for start, end in spans],
    }
