"""The recordings that are decoded: one of an hour, encoded in several ways, and the first part of each."""

import pathlib
from dataclasses import dataclass

from bench import sound

# What ffmpeg makes of the hour of WAV. Of containers with pictures, the sound is that of M4A.
_ENCODINGS = {
    "wav": (),
    "flac": ("-c:a", "flac"),
    "mp3": ("-c:a", "libmp3lame", "-b:a", "128k"),
    "m4a": ("-c:a", "aac", "-b:a", "128k"),
    "webm": ("-c:a", "libopus", "-b:a", "64k"),
}
_PICTURES = ("-f", "lavfi", "-i", "testsrc2=size=640x360:rate=15", "-t", "60", "-c:v", "libx264", "-preset", "ultrafast")
LABELS = {
    "wav": "WAV, 44.1 kHz",
    "flac": "FLAC",
    "mp3": "MP3, 128 kbit/s",
    "m4a": "M4A (AAC, 128 kbit/s)",
    "webm": "WebM (Opus, 64 kbit/s)",
    "mp4": "MP4 (the same AAC, and pictures)",
}


@dataclass(frozen=True)
class Recording:
    kind: str
    minutes: int
    path: pathlib.Path


def make(checkout: pathlib.Path, folder: pathlib.Path, lengths: list[int], kinds: list[str]) -> list[Recording]:
    """Of each of the `lengths`, in minutes. Raises `ServiceError`."""
    longest = max(lengths)
    whole = {kind: folder / f"{longest}.{kind}" for kind in LABELS}
    sound.make_wave(checkout, whole["wav"], longest * 60)
    for kind, options in _ENCODINGS.items():
        if options and (kind in kinds or kind == "m4a" and "mp4" in kinds):
            sound.ffmpeg(["-i", str(whole["wav"]), *options, str(whole[kind])])
    if "mp4" in kinds:
        minute = folder / "minute.mp4"
        sound.ffmpeg([*_PICTURES, str(minute)])
        both = ["-stream_loop", "-1", "-i", str(minute), "-i", str(whole["m4a"]), "-map", "0:v", "-map", "1:a", "-c", "copy"]
        sound.ffmpeg([*both, "-t", str(longest * 60), str(whole["mp4"])])
    found = []
    for kind in kinds:
        for minutes in lengths:
            path = folder / f"{minutes}.{kind}"
            if minutes != longest:
                sound.ffmpeg(["-i", str(whole[kind]), "-t", str(minutes * 60), "-map", "0", "-c", "copy", str(path)])
            found.append(Recording(kind, minutes, path))
    return found
