"""Runs in the model server's environment: makes 16 kHz mono 16-bit WAV files of recordings and of their concatenation.

Reads one JSON object from standard input, `{"recordings":[{"path","speech"}],"minutes","seed","folder"}` (`speech`:
seconds, null: all of it), writes `clip-N.wav`, `whole.wav`, `half-1.wav` and `half-2.wav` into the folder, and answers
on standard output `{"durations":[…],"placements":[[recording, start, end]],"duration","half"}` in seconds."""

import json
import pathlib
import sys
import wave

import numpy as np
from faster_whisper.audio import decode_audio
from recognition import concatenation

RATE = 16_000


def main() -> None:
    wanted = json.load(sys.stdin)
    folder = pathlib.Path(wanted["folder"])
    clips = [_decode(recording["path"]) for recording in wanted["recordings"]]
    durations = [len(clip) / RATE for clip in clips]
    speech = [
        duration if recording["speech"] is None else recording["speech"]
        for recording, duration in zip(wanted["recordings"], durations)
    ]
    plan = concatenation.plan(durations, speech, wanted["minutes"], wanted["seed"])
    for index, clip in enumerate(clips):
        _write(folder / f"clip-{index}.wav", clip)
    whole = np.zeros(_sample(plan.duration), np.int16)
    for placement in plan.placements:
        clip = clips[placement.recording]
        start = _sample(placement.start)
        whole[start : start + len(clip)] = clip
    half = _sample(plan.half)
    _write(folder / "whole.wav", whole)
    _write(folder / "half-1.wav", whole[:half])
    _write(folder / "half-2.wav", whole[half:])
    placements = [[placement.recording, placement.start, placement.end] for placement in plan.placements]
    answer = {"durations": durations, "placements": placements, "duration": len(whole) / RATE, "half": half / RATE}
    json.dump(answer, sys.stdout)


def _decode(path: str) -> np.ndarray:
    floats = decode_audio(path, sampling_rate=RATE)
    return np.clip(np.round(floats * 32768), -32768, 32767).astype(np.int16)


def _sample(seconds: float) -> int:
    return round(seconds * RATE)


def _write(path: pathlib.Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


if __name__ == "__main__":
    main()
