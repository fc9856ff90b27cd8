"""One contender, one file, measured and scored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.meter import Meter, Reading
from bench.service import ServiceError

from . import speaker_errors, word_errors
from .answer import Answer
from .material import Material, SoundFile
from .recordings import Turn
from .speaker_errors import SpeakerErrors
from .word_errors import WordErrors


class Contender(Protocol):
    versions: dict[str, str]

    def start(self) -> None:
        """Answers once the model is loaded: loading is measured for nobody."""

    def roots(self) -> dict[str, int]:
        """The processes whose trees are measured, by name, while it is started."""

    def transcribe(self, file: SoundFile) -> Answer: ...

    def stop(self) -> None: ...


@dataclass(frozen=True)
class Measurement:
    """The long file, once."""

    contender: str
    round: int
    duration: float
    """Seconds of audio."""
    answer: Answer
    reading: Reading
    words: dict[str, WordErrors]
    speakers: SpeakerErrors | None
    """None where nobody's speakers were told apart, or none are known."""

    @property
    def seconds(self) -> float:
        """End to end: from the first byte sent to the transcript at hand."""
        return self.reading.seconds

    @property
    def processing_seconds(self) -> float:
        return self.answer.processing_seconds or self.reading.seconds

    @property
    def cpu_per_second(self) -> float:
        """CPU-seconds a second of audio."""
        return self.reading.cpu_seconds_all / self.duration

    def record(self) -> dict:
        """For the raw results; without the words."""
        return {
            "contender": self.contender,
            "round": self.round,
            "audio_seconds": self.duration,
            "seconds": self.seconds,
            "processing_seconds": self.processing_seconds,
            "cpu_seconds": self.reading.cpu_seconds,
            "peak_bytes": self.reading.peak_bytes,
            "peak_bytes_all": self.reading.peak_bytes_all,
            "others_share": self.reading.others_share,
            "observer_cpu_seconds": self.reading.observer_cpu_seconds,
            "language": self.answer.language,
            "diarization": self.answer.diarization,
            "words": {kind: errors.record() for kind, errors in self.words.items()},
            "speakers": self.speakers and self.speakers.record(),
            **self.answer.details,
        }


def measure(name: str, contender: Contender, material: Material, turn: int) -> Measurement:
    """The contender is started, and warm. Raises `ServiceError` when it does not manage the file."""
    with Meter(contender.roots()) as meter:
        answer = contender.transcribe(material.whole)
    if answer.error:
        raise ServiceError(f"{name} did not transcribe the long file: {answer.error}")
    placements = material.whole.placements
    words = word_errors.count(answer.words, placements, material.recordings)
    heard = speaker_errors.heard(answer)
    speakers = speaker_errors.measure(heard, placements, material.recordings) if answer.diarization else None
    return Measurement(name, turn, material.whole.duration, answer, meter.reading, words, speakers)


@dataclass(frozen=True)
class ClipScores:
    """Every recording alone, each once."""

    words: dict[str, WordErrors]
    speakers: SpeakerErrors | None
    speakers_by_recording: dict[str, SpeakerErrors]
    speaker_counts_right: int | None
    """Of the recordings whose speakers are known: in how many as many were found as speak."""
    refused: dict[str, str]
    """Recordings that gave no transcript, and the error; their words count as deleted."""
    other_languages: dict[str, str]
    """Recordings taken for another language than English."""

    def record(self) -> dict:
        return {
            "words": {kind: errors.record() for kind, errors in self.words.items()},
            "speakers": self.speakers and self.speakers.record(),
            "speakers_by_recording": {name: errors.record() for name, errors in self.speakers_by_recording.items()},
            "speaker_counts_right": self.speaker_counts_right,
            "refused": self.refused,
            "other_languages": self.other_languages,
        }


def score_clips(answers: dict[str, Answer], material: Material) -> ClipScores:
    """`answers` by the recording's name."""
    words: dict[str, WordErrors] = {}
    for clip in material.clips:
        errors_by_kind = word_errors.count(answers[clip.name].words, clip.placements, material.recordings)
        for kind, errors in errors_by_kind.items():
            words.setdefault(kind, WordErrors())
            words[kind] += errors
    known = [recording for recording in material.recordings if recording.turns is not None]
    heard: dict[str, list[Turn]] = {}
    if known and any(answer.diarization for answer in answers.values()):
        heard = {recording.name: speaker_errors.heard(answers[recording.name]) for recording in known}
    return ClipScores(
        words,
        speaker_errors.measure_apart(heard, known) if heard else None,
        {one.name: speaker_errors.measure_apart(heard, [one]) for one in known if heard},
        sum(_count(one.turns) == _count(heard[one.name]) for one in known) if heard else None,
        refused={name: answer.error for name, answer in answers.items() if answer.error},
        other_languages={
            name: answer.language for name, answer in answers.items() if answer.language not in (None, "en", "english")
        },
    )


def _count(turns: Sequence[Turn]) -> int:
    return len({turn.speaker for turn in turns})
