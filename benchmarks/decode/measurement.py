"""One decoding at a time, by either program, on one core. Both write the same samples, which nobody reads."""

import json
import os
import pathlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from bench.cores import Cores
from bench.program import Ended, run
from bench.service import ServiceError

from .recordings import Recording

OURS, THEIRS = "verbatim-media", "ffmpeg"
MONO, STEREO = "mono", "stereo"
RATE = 16_000


@dataclass(frozen=True)
class Measurement:
    program: str
    kind: str
    minutes: int
    layout: str
    round: int
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    others_share: float

    def record(self) -> dict:
        return asdict(self)


def measure(program: str, tool: pathlib.Path, recording: Recording, layout: str, turn: int, database: int) -> Measurement:
    """Raises `ServiceError` where a program fails, or ours tells another length."""
    with _one_core(), Cores(database) as cores:
        ended = _decode(program, tool, recording, layout)
    if program == OURS:
        require_length(json.loads(ended.errors.splitlines()[-1])["samples"], recording.minutes)
    return Measurement(
        program,
        recording.kind,
        recording.minutes,
        layout,
        turn,
        ended.seconds,
        ended.cpu_seconds,
        ended.peak_bytes,
        cores.others_share,
    )


def require_same_length(tool: pathlib.Path, recording: Recording, layout: str) -> None:
    """Has ffmpeg tell how much it decodes, and the tool how much. Raises `ServiceError` unless both is the recording's length."""
    told = run(_ffmpeg(recording, layout, "-progress", "-", "-f", "null", os.devnull)).output
    microseconds = [line.partition("=")[2] for line in told.splitlines() if line.startswith("out_time_us=")]
    require_length(int(microseconds[-1]) * RATE // 1_000_000, recording.minutes)
    require_length(json.loads(_decode(OURS, tool, recording, layout).errors.splitlines()[-1])["samples"], recording.minutes)


def require_length(samples: int, minutes: int) -> None:
    """A second more or less is what encoders add, and what is lost where a file is cut without encoding it again."""
    if abs(samples / RATE - minutes * 60) > 1:
        raise ServiceError(f"{samples / RATE:.1f} s were decoded of {minutes * 60} s")


def _decode(program: str, tool: pathlib.Path, recording: Recording, layout: str) -> Ended:
    """As the pipeline calls the tool, but without giving way to others. It enters its sandbox by itself."""
    if program == THEIRS:
        return run(_ffmpeg(recording, layout, "-f", "s16le", "-"), keeps_output=False)
    most = recording.minutes * 60 * RATE * 2
    command = [str(tool), "decode", "--layout", layout, "--max-samples", str(most), "--cpu-seconds", "3600"]
    return run(command, input=recording.path, environment={}, keeps_output=False)


def _ffmpeg(recording: Recording, layout: str, *output: str) -> list[str]:
    channels = "1" if layout == MONO else "2"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-i", str(recording.path), "-vn"]
    return [*command, "-ac", channels, "-ar", str(RATE), *output]


@contextmanager
def _one_core() -> Iterator[None]:
    """For what this thread starts."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, [max(cores)])
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
