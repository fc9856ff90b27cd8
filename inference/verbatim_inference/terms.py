"""Key terms: rare words that the caller expects in a recording, such as names, and where they may have been said.

Two texts are compared by how they sound: letters that sound alike become one, and vowels count little. That is coarse, and made for Latin
script; other scripts are compared letter by letter. So it only says where a term may have been said. The model decides (`term_hearing`)."""

import re
import unicodedata
from typing import NamedTuple

import numpy as np

MOST_TERMS, MOST_WORDS, MOST_CHARACTERS = 200, 6, 100
"""Of one request; of one term; of one term."""

ALIKE = 0.7
"""The least likeness, 0 to 1, of a term and words that may be that term."""

_SAME_LETTERS = 0.35
"""Texts with fewer letters in common, 0 to 1, are not alike: sounds are so coarse that short words are like many terms."""

_EXTRA_WORDS = 2
"""A term may have been heard as this many words more than it has: "gray fan" for Grafana."""

_SOUNDS = [
    (re.compile(pattern), sound)
    for pattern, sound in [
        ("ph", "f"),
        ("sch|sh|ch|cz|sz|j|x|z|c(?=[eiy])", "s"),
        ("ck|c|q|g", "k"),
        ("gh|h", ""),
        ("d", "t"),
        ("b|p", "p"),
        ("w|v|f", "f"),
        ("m", "n"),
        ("[aeiouy]+", "a"),
        (r"(.)\1+", r"\1"),
    ]
]


class Place(NamedTuple):
    """Words that may be a term: those from `first` up to, not including, `end`."""

    first: int
    end: int
    term: int
    likeness: float


def plain(text: str) -> str:
    """Returns the letters and digits of a text, without accents and in lower case."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in split if letter.isalnum())


def sound(text: str) -> str:
    """Returns a text with one letter for all letters that sound alike."""
    heard = plain(text)
    for pattern, letter in _SOUNDS:
        heard = pattern.sub(letter, heard)
    return heard or plain(text)


def written(words: list[str], terms: list[str]) -> set[int]:
    """Returns the indices of words that are a term already, or a part of one."""
    heard, found = [plain(word) for word in words], set()
    for term in terms:
        letters = [plain(word) for word in term.split()]
        for start in range(len(heard) - len(letters) + 1):
            if heard[start : start + len(letters)] == letters:
                found.update(range(start, start + len(letters)))
    return found


def most_words(term: str) -> int:
    """Returns as how many words a term may have been heard at most. Scripts without spaces have a word for each letter."""
    letters = plain(term)
    count = len(term.split()) + _EXTRA_WORDS
    return count if letters.isascii() else max(count, len(letters))


def likeness(one: str, other: str) -> float:
    """Returns how alike two texts sound: 0 not at all, 1 the same."""
    from rapidfuzz.distance import Levenshtein

    if Levenshtein.normalized_similarity(plain(one), plain(other)) < _SAME_LETTERS:
        return 0.0
    return Levenshtein.normalized_similarity(sound(one), sound(other))


def places(words: list[str], terms: list[str]) -> list[Place]:
    """Returns where terms may have been said among these words, except where one is written already."""
    from rapidfuzz import process
    from rapidfuzz.distance import Levenshtein

    sounds, most = [sound(term) for term in terms], [most_words(term) for term in terms]
    heard, right = [plain(word) for word in words], written(words, terms)
    found: list[Place] = []
    for count in range(1, max(most, default=0) + 1):
        of_this = [index for index, limit in enumerate(most) if count <= limit]
        starts = range(len(words) - count + 1)
        if not of_this or not starts:
            continue
        spoken = [sound("".join(heard[start : start + count])) for start in starts]
        scores = process.cdist(
            spoken,
            [sounds[index] for index in of_this],
            scorer=Levenshtein.normalized_similarity,
            score_cutoff=ALIKE,
            dtype=np.float32,
            workers=1,
        )
        for start, column in zip(*np.nonzero(scores >= ALIKE), strict=True):
            term = of_this[column]
            alike = likeness("".join(heard[start : start + count]), terms[term])
            if alike >= ALIKE and right.isdisjoint(range(start, start + count)):
                found.append(Place(int(start), int(start) + count, term, alike))
    return sorted(found)
