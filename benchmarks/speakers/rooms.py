"""What lies between voices and the recording: a room, noise, a telephone."""

from dataclasses import dataclass

import numpy as np

from .sounds import RATE

_TELEPHONE = (300, 3400)  # Hz


@dataclass(frozen=True)
class Room:
    echo: float = 0
    """Seconds until an echo is 60 dB down; 0: none."""
    noise: float | None = None
    """Decibels of speech over noise; None: no noise."""
    telephone: bool = False


def placed(samples: np.ndarray, room: Room, chance: np.random.Generator) -> np.ndarray:
    """A speaker's speech as the microphone gets it: farther or nearer, each place with other echoes."""
    samples = samples * np.float32(10 ** (chance.uniform(-4, 4) / 20))
    if not room.echo:
        return samples
    times = np.arange(int(room.echo * RATE)) / RATE
    tail = chance.standard_normal(times.size) * 10 ** (-3 * times / room.echo)
    tail[: int(0.003 * RATE)] = 0
    tail *= 10 ** (chance.uniform(-8, -1) / 20) / np.linalg.norm(tail)
    tail[0] = 1
    return _filtered(samples, tail)


def recorded(samples: np.ndarray, room: Room, chance: np.random.Generator) -> np.ndarray:
    """The sum of all, with noise, through the telephone."""
    if room.noise is not None:
        loud = np.square(samples)
        power = float(loud[loud > 1e-6].mean()) if (loud > 1e-6).any() else 1e-4
        noise = _pink(samples.size, chance)
        samples = samples + noise * np.sqrt(power * 10 ** (-room.noise / 10) / np.square(noise).mean())
    if room.telephone:
        samples = _banded(samples)
    return np.clip(samples, -1, 1).astype(np.float32)


def _filtered(samples: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Block by block, so that an hour needs no more memory than a minute."""
    length = 1 << 18
    block = length - response.size + 1
    transfer = np.fft.rfft(response, length)
    made = np.zeros(samples.size + length, np.float32)
    for start in range(0, samples.size, block):
        part = samples[start : start + block]
        if part.any():
            made[start : start + length] += np.fft.irfft(np.fft.rfft(part, length) * transfer, length)
    return made[: samples.size]


def _pink(size: int, chance: np.random.Generator) -> np.ndarray:
    block = min(size, 60 * RATE)
    spectrum = np.fft.rfft(chance.standard_normal(block))
    spectrum /= np.sqrt(np.maximum(np.arange(spectrum.size), 20 * block / RATE))
    return np.resize(np.fft.irfft(spectrum, block), size)


def _banded(samples: np.ndarray) -> np.ndarray:
    """Block by block: blocks of ten seconds that overlap by one."""
    block, overlap = 10 * RATE, RATE
    made, weight = np.zeros((2, samples.size))
    for start in range(0, samples.size, block - overlap):
        part = samples[start : start + block]
        spectrum, pitch = np.fft.rfft(part), np.fft.rfftfreq(part.size, 1 / RATE)
        spectrum[(pitch < _TELEPHONE[0]) | (pitch > _TELEPHONE[1])] = 0
        window = np.minimum(1, (1 + np.minimum(np.arange(part.size), np.arange(part.size)[::-1])) / overlap)
        made[start : start + part.size] += window * np.fft.irfft(spectrum, part.size)
        weight[start : start + part.size] += window
    return made / weight
