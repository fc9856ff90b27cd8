"""How wrong an answer is: the diarization error rate by its parts, and the number of speakers."""

from collections.abc import Iterable
from dataclasses import dataclass

import simpleder

from recognition.recordings import Turn


@dataclass(frozen=True)
class Score:
    """Seconds, without a collar, overlapping speech scored; and how many speakers there are."""

    speech: float
    missed: float
    false_alarm: float
    confused: float
    speakers: int
    found: int

    @property
    def errors(self) -> float:
        return self.missed + self.false_alarm + self.confused


@dataclass(frozen=True)
class Sum:
    """Of several recordings, each on its own. Rates are shares of the speech."""

    recordings: int
    rate: float
    missed: float
    false_alarm: float
    confused: float
    counts_right: int
    counts_off: int
    """By how many speakers the counts are wrong, added up."""


def score(said: list[Turn], heard: list[Turn]) -> Score:
    speakers, found = (len({turn.speaker for turn in turns}) for turns in (said, heard))
    if not heard:
        speech = sum(turn.end - turn.start for turn in said)
        return Score(speech, speech, 0, 0, speakers, found)
    pair = ([(turn.speaker, turn.start, turn.end) for turn in turns] for turns in (said, heard))
    sums = simpleder.DER(*pair, detailed=True)
    return Score(sums["ref_length"], sums["miss"], sums["false_alarm"], sums["confusion"], speakers, found)


def add_up(scores: Iterable[Score]) -> Sum:
    scores = list(scores)
    speech = sum(one.speech for one in scores) or 1.0
    missed, false_alarm, confused = (
        sum(getattr(one, part) for one in scores) / speech for part in ("missed", "false_alarm", "confused")
    )
    right = sum(one.speakers == one.found for one in scores)
    off = sum(abs(one.speakers - one.found) for one in scores)
    return Sum(len(scores), missed + false_alarm + confused, missed, false_alarm, confused, right, off)
