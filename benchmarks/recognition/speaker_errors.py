"""Diarization error rate of an answer against who spoke when: no collar, overlapping speech scored (simpleder).

A transcript has one speaker a word, so where two people speak at once one of them is always missed. The words of one
speaker are joined to one turn across pauses below half a second; a pause that is longer is not speech."""

from dataclasses import dataclass

import simpleder

from .answer import Answer, Word
from .concatenation import Placement
from .recordings import Recording, Turn

_LONGEST_PAUSE = 0.5  # seconds


@dataclass(frozen=True)
class SpeakerErrors:
    """Seconds; all but `speech` are errors."""

    speech: float
    missed: float
    false_alarm: float
    confused: float

    @property
    def rate(self) -> float:
        return (self.missed + self.false_alarm + self.confused) / self.speech

    def record(self) -> dict:
        return {"rate": self.rate, **vars(self)}


def heard(answer: Answer) -> list[Turn]:
    """Who spoke when: as the answer says, else by its words."""
    return turns(answer.words) if answer.turns is None else answer.turns


def turns(words: list[Word]) -> list[Turn]:
    """Who spoke when, by a transcript. Words without a speaker are left out."""
    found: list[Turn] = []
    for word in words:
        if word.speaker is None:
            continue
        last = found[-1] if found else None
        if last and last.speaker == word.speaker and word.start - last.end < _LONGEST_PAUSE:
            found[-1] = Turn(last.speaker, last.start, max(last.end, word.end))
        else:
            found.append(Turn(word.speaker, word.start, word.end))
    return found


def measure(heard: list[Turn], placements: list[Placement], recordings: list[Recording]) -> SpeakerErrors | None:
    """Over the recordings whose speakers are known; None when there are none. A speaker who comes back, in whichever
    recording, is one speaker, and should be one in the answer."""
    said: list[Turn] = []
    judged: list[Turn] = []
    for placement in placements:
        known = recordings[placement.recording].turns
        if known is not None:
            start = placement.start
            said += _cut([Turn(turn.speaker, turn.start + start, turn.end + start) for turn in known], placement)
            judged += _cut(heard, placement)
    return _errors({"": said}, {"": judged}) if said else None


def measure_apart(heard: dict[str, list[Turn]], recordings: list[Recording]) -> SpeakerErrors | None:
    """Over the recordings whose speakers are known, each an answer of its own (by the recording's name). None when
    there are none."""
    said = {recording.name: list(recording.turns) for recording in recordings if recording.turns is not None}
    return _errors(said, {name: heard[name] for name in said}) if said else None


def _errors(said: dict[str, list[Turn]], heard: dict[str, list[Turn]]) -> SpeakerErrors:
    sums = simpleder.corpus_der(_tuples(said), _tuples(heard), detailed=True)
    return SpeakerErrors(sums["ref_length"], sums["miss"], sums["false_alarm"], sums["confusion"])


def _tuples(turns_of: dict[str, list[Turn]]) -> dict[str, list[tuple[str, float, float]]]:
    return {name: [(turn.speaker, turn.start, turn.end) for turn in turns] for name, turns in turns_of.items()}


def _cut(turns: list[Turn], window: Placement) -> list[Turn]:
    """What of the turns lies in the window."""
    cut = [Turn(turn.speaker, max(turn.start, window.start), min(turn.end, window.end)) for turn in turns]
    return [turn for turn in cut if turn.end > turn.start]
