"""The files that contenders get: each recording alone, and the long file made of them, all 16 kHz mono WAV."""

import json
import pathlib
import subprocess
from dataclasses import dataclass

from bench.service import plain_environment

from .concatenation import Placement
from .recordings import Recording, Turn


@dataclass(frozen=True)
class SoundFile:
    name: str
    path: pathlib.Path
    duration: float
    """Seconds."""
    placements: list[Placement]
    """What is heard in it."""
    parts: list[tuple[pathlib.Path, float]]
    """The same cut into files, each with the second at which it begins."""


@dataclass(frozen=True)
class Material:
    recordings: list[Recording]
    clips: list[SoundFile]
    whole: SoundFile


class MaterialError(Exception):
    """The files could not be made; one sentence."""


def engine_environment(checkout: pathlib.Path) -> tuple[str, dict[str, str]]:
    """The model server's Python, and the environment in which it finds the programs of engine/."""
    environment = plain_environment(PYTHONPATH=str(checkout / "benchmarks"), PYTHONDONTWRITEBYTECODE="1")
    return str(checkout / "inference" / ".venv" / "bin" / "python"), environment


def compose(
    checkout: pathlib.Path, folder: pathlib.Path, recordings: list[Recording], minutes: float, seed: int
) -> Material:
    """Writes the files into `folder`. Raises `MaterialError`."""
    python, environment = engine_environment(checkout)
    request = {
        "recordings": [{"path": str(one.path), "speech": _speech_seconds(one.turns)} for one in recordings],
        "minutes": minutes,
        "seed": seed,
        "folder": str(folder),
    }
    command = [python, str(checkout / "benchmarks" / "engine" / "compose.py")]
    done = subprocess.run(command, input=json.dumps(request), env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise MaterialError(f"the recordings could not be put together: {done.stderr.strip().splitlines()[-1]}")
    plan = json.loads(done.stdout)
    clips = []
    for index, (recording, duration) in enumerate(zip(recordings, plan["durations"])):
        path = folder / f"clip-{index}.wav"
        clips.append(SoundFile(recording.name, path, duration, [Placement(index, 0.0, duration)], [(path, 0.0)]))
    whole = SoundFile(
        "whole",
        folder / "whole.wav",
        plan["duration"],
        [Placement(*placement) for placement in plan["placements"]],
        [(folder / "half-1.wav", 0.0), (folder / "half-2.wav", plan["half"])],
    )
    return Material(recordings, clips, whole)


def _speech_seconds(turns: tuple[Turn, ...] | None) -> float | None:
    """Seconds in which anybody speaks; None (all of it) where that is not known."""
    if turns is None:
        return None
    total, until = 0.0, 0.0
    for turn in sorted(turns, key=lambda turn: turn.start):
        total += max(0.0, turn.end - max(turn.start, until))
        until = max(until, turn.end)
    return total
