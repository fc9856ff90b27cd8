"""The recordings to measure on: where they lie, what is said in them, and who speaks when.

`librivox/` and `cards/` hold a file of lines `<s> text </s> (name)`, `languages/en/` a text beside each recording,
`diarization/` NIST's RTTM files (speakers) and STM files (words)."""

import pathlib
import re
from dataclasses import dataclass

READ, TELEPHONE, MEETING = "read", "telephone", "meeting"
"""Kinds of speech: read aloud or dictated, a telephone call, meetings; errors are told for each."""


@dataclass(frozen=True)
class Turn:
    """One speaker's stretch of speech, in seconds."""

    speaker: str
    start: float
    end: float


@dataclass(frozen=True)
class Recording:
    name: str
    path: pathlib.Path
    kind: str
    text: str | None = None
    """What is said; None where nobody wrote it down."""
    turns: tuple[Turn, ...] | None = None
    """Who speaks when; None where nobody wrote it down."""


class RecordingError(Exception):
    """A folder of recordings that is not as it should be."""


def load(carried: pathlib.Path, more: pathlib.Path | None) -> list[Recording]:
    """Those of the project (a folder like `librivox/`), then those in the folder `more` that have other names. Raises
    `RecordingError`."""
    found = _transcribed(carried, "librivox")
    if more:
        found += _transcribed(more / "librivox", "librivox") + _transcribed(more / "cards", "cards")
        found += _with_text_beside(more / "languages" / "en") + _diarized(more / "diarization")
    recordings = {recording.name: recording for recording in reversed(found)}  # the first of a name stays
    if not recordings:
        raise RecordingError(f"there are no recordings in {carried}")
    return sorted(recordings.values(), key=lambda recording: recording.name)


def _transcribed(folder: pathlib.Path, label: str) -> list[Recording]:
    if not folder.is_dir():
        return []
    texts: dict[str, str] = {}
    for file in sorted(folder.glob("*transcription")):
        for text, name in re.findall(r"<s>(.*?)</s>\s*\((.+?)\)", file.read_text(encoding="utf-8")):
            texts[name] = text.strip()
    recordings = []
    for path in sorted(folder.glob("*.wav")):
        if path.stem not in texts:
            raise RecordingError(f"{path} has no line in {folder}'s transcription")
        recordings.append(Recording(f"{label}/{path.stem}", path, READ, text=texts[path.stem]))
    return recordings


def _with_text_beside(folder: pathlib.Path) -> list[Recording]:
    return [
        Recording(f"en/{path.stem}", path, READ, text=path.with_suffix(".txt").read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.wav"))
    ]


def _diarized(folder: pathlib.Path) -> list[Recording]:
    """With RTTM each; those that also have an STM file are telephone calls, the others meetings."""
    turns: dict[str, list[Turn]] = {}
    for file in sorted(folder.glob("*.rttm")):
        for line in file.read_text(encoding="utf-8").splitlines():
            fields = line.split()
            if fields and fields[0] == "SPEAKER":
                start, length = float(fields[3]), float(fields[4])
                turns.setdefault(fields[1], []).append(Turn(fields[7], start, start + length))
    recordings = []
    for path in sorted(folder.glob("*.flac")):
        if path.stem not in turns:
            raise RecordingError(f"{path} has no speakers in {folder}'s RTTM files")
        words = path.with_suffix(".stm")
        text = _spoken(words) if words.exists() else None
        kind = MEETING if text is None else TELEPHONE
        recordings.append(Recording(f"diarization/{path.stem}", path, kind, text, tuple(turns[path.stem])))
    return recordings


def _spoken(file: pathlib.Path) -> str:
    """The words of an STM file in the order in which they begin."""
    rows = [line.split(maxsplit=5) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return " ".join(row[5] for row in sorted(rows, key=lambda row: float(row[3])))
