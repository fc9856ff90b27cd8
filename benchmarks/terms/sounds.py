"""The recordings: sentences read by voices of flite, sounds in which nobody speaks, and recordings of people."""

import math
import pathlib
import subprocess
import wave

import numpy as np
from verbatim_inference import audio

VOICES = ("slt", "rms", "awb")
RATE = audio.RATE
_PAUSE = np.zeros(int(0.8 * RATE), np.float32)


class SoundError(Exception):
    """A recording could not be made; one sentence."""


def spoken(sentences: list[tuple[str, str]], voice: str, folder: pathlib.Path) -> np.ndarray:
    """Returns all sentences with short pauses. Raises `SoundError`."""
    parts = []
    for _, sentence in sentences:
        file = folder / "sentence.wav"
        command = ["flite", "-voice", voice, "-t", sentence, "-o", str(file)]
        try:
            subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        except (OSError, subprocess.SubprocessError) as error:
            raise SoundError(f"flite could not read a sentence ({type(error).__name__})") from error
        with wave.open(str(file)) as source:
            if source.getframerate() != RATE:
                raise SoundError(f"flite's voice {voice} has {source.getframerate()} samples a second")
        parts += [read(file), _PAUSE]
    return np.concatenate(parts)


def read(file: pathlib.Path) -> np.ndarray:
    with open(file, "rb") as source:
        return audio.read(source, 3600)


def without_speech(seconds: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(1)
    time = np.arange(seconds * RATE) / RATE
    noise = random.normal(0, 1, time.size)
    hum = sum(np.sin(2 * math.pi * 50 * step * time) / step for step in range(1, 8))
    sounds = {
        "silence": np.zeros(time.size),
        "noise": 0.05 * noise,
        "hum": 0.1 * hum + 0.005 * noise,
        "music": 0.2 * _music(time),
        "clicks": 0.5 * (random.random(time.size) < 2 / RATE) + 0.002 * noise,
    }
    return {name: sound.astype(np.float32) for name, sound in sounds.items()}


def _music(time: np.ndarray) -> np.ndarray:
    """A melody over chords, with strokes that fade."""
    melody, chords = [0, 4, 7, 12, 11, 7, 4, 2], [(0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)]
    sound = np.zeros(time.size)
    for beat in range(int(time[-1] * 2)):
        first, end = beat * RATE // 2, min(time.size, (beat + 4) * RATE // 2)
        since = time[first:end] - time[first]
        notes = [(melody[beat % 8] + 12, 0.5)] + ([(note, 0.3) for note in chords[beat // 4 % 4]] if beat % 4 == 0 else [])
        for note, loudness in notes:
            pitch = 220 * 2 ** (note / 12)
            sound[first:end] += loudness * np.exp(-2 * since) * sum(np.sin(2 * math.pi * pitch * k * since) / k**2 for k in (1, 2, 3))
    return sound
