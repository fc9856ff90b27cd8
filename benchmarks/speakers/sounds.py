"""Samples at 16 kHz: read from files, written to WAV, and cut where somebody speaks."""

import io
import pathlib
import subprocess
import wave

import numpy as np

RATE = 16_000
_FRAME = 160  # samples: 10 ms
_BRIDGE = 30  # frames: a shorter pause within speech is speech
_SHORTEST = 8  # frames


class SoundError(Exception):
    """A file that cannot be used."""


def decode(path: pathlib.Path, *options: str) -> np.ndarray:
    """From -1 to 1. `options`: for ffmpeg, before the file. Raises `SoundError`."""
    command = ["ffmpeg", "-nostdin", "-v", "error", *options, "-i", str(path), "-ac", "1", "-ar", str(RATE)]
    done = subprocess.run([*command, "-f", "s16le", "-"], stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
    if done.returncode != 0:
        raise SoundError(f"{path} cannot be decoded: {done.stderr.decode(errors='replace').strip()[-200:]}")
    return np.frombuffer(done.stdout, "<i2").astype(np.float32) / 32768


def wav(samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()


def spoken(samples: np.ndarray, below_peak: float = 35) -> list[tuple[int, int]]:
    """Where there is speech in a recording without noise, in samples: what is at most so many decibels quieter than the
    loudest parts. Pauses within it are shorter than 0.3 s."""
    count = samples.size // _FRAME
    if count == 0:
        return []
    power = np.square(samples[: count * _FRAME]).reshape(count, _FRAME).mean(axis=1)
    loud = power > max(float(np.quantile(power, 0.98)) * 10 ** (-below_peak / 10), 1e-8)
    spans: list[tuple[int, int]] = []
    for frame in np.flatnonzero(loud).tolist():
        if spans and frame - spans[-1][1] <= _BRIDGE:
            spans[-1] = (spans[-1][0], frame + 1)
        else:
            spans.append((frame, frame + 1))
    return [(start * _FRAME, end * _FRAME) for start, end in spans if end - start >= _SHORTEST]


def level(samples: np.ndarray, decibels: float = -26) -> np.ndarray:
    """With this mean level below full scale."""
    mean = float(np.sqrt(np.square(samples).mean())) if samples.size else 0
    return samples * (10 ** (decibels / 20) / mean) if mean > 0 else samples
