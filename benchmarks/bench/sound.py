"""Long recordings for measurements, made by ffmpeg from the public-domain sample that the repository carries."""

import pathlib
import subprocess

from .service import ServiceError

_SAMPLE = pathlib.Path("samples") / "sense-and-sensibility.flac"

WAVE_BYTES = 44_100 * 2 * 2
"""A second, in what `make_wave` makes."""

# One voice, as two microphones in one room record it. With two equal channels, encoders would have half of the work.
_ROOM = "asplit[a][b];[b]adelay=11,volume=0.7[c];[a][c]join=inputs=2:channel_layout=stereo"


def make_wave(checkout: pathlib.Path, file: pathlib.Path, seconds: float) -> None:
    """16-bit stereo at 44.1 kHz, however often the sample must be repeated. Raises `ServiceError`."""
    source = ["-stream_loop", "-1", "-i", str(checkout / _SAMPLE), "-t", f"{seconds:.3f}", "-filter_complex", _ROOM]
    ffmpeg([*source, "-ar", "44100", "-c:a", "pcm_s16le", str(file)])


def ffmpeg(arguments: list[str]) -> None:
    """Raises `ServiceError`."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=3600)
    if done.returncode != 0:
        raise ServiceError(f"ffmpeg failed: {done.stderr.strip().splitlines()[-1:]}")
