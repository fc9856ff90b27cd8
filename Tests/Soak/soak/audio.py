"""Recordings that say who they are: each word is a tone whose pitch is the word.

A recording is made from its words, and the scripted model server reads the words back from the sound alone. So a
transcript that has a word of another recording, or lacks one of its own, shows."""

import array
import math
import random
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

RATE = 16_000
WORDS = (
    "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo "
    "sierra tango uniform victor whiskey xray yankee zulu"
).split()
_LOWEST, _STEP = 320, 56  # Hz
_TONE, _GAP, _PAUSE = 0.5, 0.3, 0.9  # seconds; the pause comes after each sentence, besides the gap
_LEVEL = 9_000
_FRAME = RATE // 100

# What ffmpeg is told for each container.
CONTAINERS = {
    "wav": [],
    "flac": ["-c:a", "flac"],
    "mp3": ["-c:a", "libmp3lame", "-b:a", "64k", "-ar", "44100"],
    "ogg": ["-c:a", "libvorbis", "-q:a", "3", "-ar", "44100"],
    "opus": ["-c:a", "libopus", "-b:a", "48k", "-ar", "48000"],
    "m4a": ["-c:a", "aac", "-b:a", "96k", "-ar", "44100"],
    "webm": ["-c:a", "libopus", "-b:a", "48k", "-ar", "48000"],
    "mkv": ["-c:a", "flac"],
}


@dataclass(frozen=True)
class Heard:
    word: str
    start: float
    end: float
    channel: int = 0


@dataclass(frozen=True)
class Script:
    """What a recording says, and when."""

    words: list[Heard]
    seconds: float
    channels: int

    @property
    def text(self) -> list[str]:
        return [word.word for word in self.words]


def script(rng: random.Random, seconds: float, channels: int = 1) -> Script:
    """Words at random for about `seconds`; with two channels, the sentences take turns. The length is half a second beyond a whole one, so that what
    encoders add or drop changes no bill."""
    words, at, left, channel = [], 0.4, rng.randint(6, 10), 0
    while at + _TONE + 0.4 < seconds:
        words.append(Heard(rng.choice(WORDS), at, at + _TONE, channel))
        at += _TONE + _GAP
        left -= 1
        if left == 0:
            at, left, channel = at + _PAUSE, rng.randint(6, 10), (channel + 1) % channels
    return Script(words, math.floor(seconds) + 0.5, channels)


def write(said: Script, file: Path) -> None:
    """In the container that the name's ending says. Raises `OSError`."""
    wav = file if file.suffix == ".wav" else file.with_suffix(".source.wav")
    total = int(said.seconds * RATE)
    channels = [array.array("h", bytes(2 * total)) for _ in range(said.channels)]
    for word in said.words:
        start = int(word.start * RATE)
        tone = _tones[word.word]
        channels[word.channel][start : start + len(tone)] = tone
    samples = channels[0]
    if said.channels == 2:
        samples = array.array("h", bytes(4 * total))
        samples[0::2], samples[1::2] = channels
    with wave.open(str(wav), "wb") as output:
        output.setnchannels(said.channels)
        output.setsampwidth(2)
        output.setframerate(RATE)
        output.writeframes(samples.tobytes())
    if wav == file:
        return
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", wav, *CONTAINERS[file.suffix[1:]], file]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    wav.unlink()
    if done.returncode != 0:
        raise OSError(f"ffmpeg could not write {file.suffix[1:]}: {done.stderr.strip()[-200:]}")


def read(samples: array.array) -> list[Heard]:
    """The words in 16 kHz mono samples, with their times."""
    loud = [max(samples[start : start + _FRAME : 4], default=0) for start in range(0, len(samples), _FRAME)]
    least = max(300, max(loud, default=0) // 8)
    found = []
    for first, last in _runs([level >= least for level in loud]):
        start, end = first * _FRAME, min(len(samples), last * _FRAME)
        if end - start < 8 * _FRAME:
            continue  # cut off by the chunk's border; the neighboring chunk has all of it
        word = _word(_pitch(samples[start + _FRAME : end - _FRAME][: RATE // 5]))
        if word:
            found.append(Heard(word, start / RATE, end / RATE))
    return found


def _tone(pitch: float) -> array.array:
    count, fade = int(_TONE * RATE), RATE // 100
    turn = 2 * math.pi * pitch / RATE
    return array.array(
        "h",
        (int(_LEVEL * min(1, at / fade, (count - at) / fade) * math.sin(turn * at)) for at in range(count)),
    )


_tones = {word: _tone(_LOWEST + _STEP * number) for number, word in enumerate(WORDS)}


def _runs(flags: list[bool]):
    """The runs of true flags as [first, last), over gaps of up to five."""
    first = last = None
    for index, flag in enumerate(flags):
        if not flag:
            continue
        if first is None:
            first = index
        elif index - last > 5:
            yield first, last
            first = index
        last = index + 1
    if first is not None:
        yield first, last


def _pitch(samples: array.array) -> float:
    """Of a pure tone, by the times at which it crosses zero."""
    positive = [sample >= 0 for sample in samples]
    crossings = [at for at, (one, next_) in enumerate(zip(positive, positive[1:])) if one != next_]
    if len(crossings) < 3:
        return 0
    return (len(crossings) - 1) / 2 * RATE / (crossings[-1] - crossings[0])


def _word(pitch: float) -> str | None:
    number = round((pitch - _LOWEST) / _STEP)
    if 0 <= number < len(WORDS) and abs(pitch - _LOWEST - _STEP * number) < _STEP * 0.4:
        return WORDS[number]
    return None
