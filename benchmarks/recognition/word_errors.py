"""Word errors of an answer against what was said: substitutions, deletions and insertions of the shortest edit (jiwer),
counted by kind of speech.

A file may hold recordings whose words nobody wrote down. What was heard inside them is left out, and an insertion
within half a second of one is forgiven: word times are not sharper than that."""

from dataclasses import dataclass

import jiwer

from .answer import Word
from .concatenation import Placement
from .normalizer import normalize
from .recordings import Recording

_BLUR = 0.5  # seconds


@dataclass
class WordErrors:
    """Counts; sums of them are made with `+=`."""

    words: int = 0
    """Of the reference."""
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    @property
    def rate(self) -> float:
        return (self.substitutions + self.deletions + self.insertions) / max(1, self.words)

    def __iadd__(self, other: "WordErrors") -> "WordErrors":
        self.words += other.words
        self.substitutions += other.substitutions
        self.deletions += other.deletions
        self.insertions += other.insertions
        return self

    def record(self) -> dict:
        return {"rate": self.rate, **vars(self)}


@dataclass(frozen=True)
class _Heard:
    word: str
    middle: float  # seconds


def count(heard: list[Word], placements: list[Placement], recordings: list[Recording]) -> dict[str, WordErrors]:
    """By kind of speech, for the kinds whose words are known."""
    said, kinds = _said(placements, recordings)
    silent = [placement for placement in placements if recordings[placement.recording].text is None]
    tokens = [
        _Heard(token, (word.start + word.end) / 2)
        for word in heard
        for token in normalize(word.text)
        if not _lies_in(silent, (word.start + word.end) / 2, -_BLUR)
    ]
    errors = {kind: WordErrors(words=kinds.count(kind)) for kind in dict.fromkeys(kinds)}
    if not said:
        return errors

    def add_insertions(inserted: list[_Heard]) -> None:
        for token in inserted:
            if not _lies_in(silent, token.middle, _BLUR):
                errors[_kind_at(token.middle, placements, recordings)].insertions += 1

    if not tokens:
        for kind in kinds:
            errors[kind].deletions += 1
        return errors
    compared = jiwer.process_words(" ".join(said), " ".join(token.word for token in tokens))
    for chunk in compared.alignments[0]:
        if chunk.type == "insert":
            add_insertions(tokens[chunk.hyp_start_idx : chunk.hyp_end_idx])
        for kind in kinds[chunk.ref_start_idx : chunk.ref_end_idx]:
            if chunk.type == "substitute":
                errors[kind].substitutions += 1
            elif chunk.type == "delete":
                errors[kind].deletions += 1
    return errors


def _said(placements: list[Placement], recordings: list[Recording]) -> tuple[list[str], list[str]]:
    """All words said, and of each the kind of speech."""
    said: list[str] = []
    kinds: list[str] = []
    for placement in placements:
        recording = recordings[placement.recording]
        words = normalize(recording.text or "")
        said += words
        kinds += [recording.kind] * len(words)
    return said, kinds


def _lies_in(placements: list[Placement], moment: float, margin: float) -> bool:
    return any(placement.start - margin <= moment <= placement.end + margin for placement in placements)


def _kind_at(moment: float, placements: list[Placement], recordings: list[Recording]) -> str:
    """Of the recording with words that is nearest."""
    worded = [placement for placement in placements if recordings[placement.recording].text is not None]
    nearest = min(worded, key=lambda placement: max(placement.start - moment, moment - placement.end))
    return recordings[nearest.recording].kind
