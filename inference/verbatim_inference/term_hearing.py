"""Recognizes parts in which key terms may have been said once more, with these terms as a hint, and takes the terms from there.

A model that is given terms writes more of them correctly, but it may also write terms that nobody said, and other words change, too. So
the first recognition is never given any. Where it heard something that sounds like a term, and was not sure of it, that part is recognized
again with the terms that it may be. Of the result only terms are taken, and a term only

- in place of words that were heard the first time and sound like it, at the same time. So nothing appears in silence, noise or music;
- if the model, without any hint, holds the term for not much less probable than those words. So similar words stay;
- if those words are not another of the terms."""

import copy
import difflib
import math
import re
from typing import NamedTuple

import numpy as np

from . import terms as key_terms
from . import windows
from .audio import RATE
from .model import Model
from .pool import Stop

MOST_TOKENS = 200
"""Of a hint. The model takes at most 223; of more terms, the likeliest are taken."""

_SURE = 0.95
"""If all words have at least this probability, they are no term."""

_CONTEXT, _PAUSE, _LONGEST, _PAD = 4.0, 2.0, 28.0, 0.3
"""Seconds: of the words around a place that are recognized with it; of a pause that ends a part; of a part at most; of sound before and
after its words."""

_SHORTEST = 0.1
_FEWEST, _SECONDS_EACH = 10, 15
"""A request has at most so many parts, and one more for each so many seconds. Each costs a short window of the model."""

_BLUR = 0.5
"""Seconds by which the times of a term may differ from those of the words that it replaces."""

_CLEAR, _WORSE_IF_CLEAR, _WORSE = -0.6, 0.75, 2.0
"""Logarithms of probabilities, means over words. Words above the first are clear. A term may be worse than clear words by the second, and than
others by the third."""

_POSSESSIVE = re.compile(r"['’]s$", re.IGNORECASE)


class Part(NamedTuple):
    """Words to recognize again: those from `first` up to, not including, `end`."""

    first: int
    end: int
    places: list[key_terms.Place]


class Replacement(NamedTuple):
    """The words from `first` up to, not including, `end` are a term."""

    first: int
    end: int
    words: list


def apply(model: Model, samples: np.ndarray, heard: list, terms: list[str], language: str, beam_size: int, stop: Stop) -> None:
    """Replaces words by the terms that were said. `heard`: segments with words, in order."""
    words = [word for segment in heard for word in segment.words or []]
    texts = [word.word for word in words]
    settled = {index for index, word in enumerate(words) if word.probability >= _SURE}
    right = key_terms.written(texts, terms)
    places = [place for place in key_terms.places(texts, terms) if not settled.issuperset(range(place.first, place.end))]
    chosen = parts([(word.start, word.end) for word in words], places)
    found: list[Replacement] = []
    for part in likeliest(chosen, _FEWEST + int(samples.size / RATE / _SECONDS_EACH)):
        stop.check()
        offered = [terms[index] for index in _terms_of(part.places)]
        again = _hear_again(model, samples, _bounds(words, part, samples.size / RATE), offered, language, beam_size, stop)
        for one in replacements(words[part.first : part.end], again, offered):
            replaced = range(part.first + one.first, part.first + one.end)
            # Parts may overlap.
            is_new = all(replaced.stop <= other.first or other.end <= replaced.start for other in found)
            if is_new and right.isdisjoint(replaced) and not settled.issuperset(replaced):
                found.append(Replacement(replaced.start, replaced.stop, one.words))
    _replace(heard, found)


def _hear_again(
    model: Model, samples: np.ndarray, bounds: tuple[float, float], terms: list[str], language: str, beam_size: int, stop: Stop
) -> list:
    """Returns words with times of the original audio."""
    start, end = bounds
    piece = samples[int(start * RATE) : int(end * RATE)]
    if piece.size < _SHORTEST * RATE:
        return []
    offered = hint(terms, lambda text: len(model.whisper.hf_tokenizer.encode(text, add_special_tokens=False).ids))
    sound = windows.Piece(windows.features(model, piece), start, terms=offered)
    # No closer look: that may be random, so a term in it says little.
    hearing = windows.Hearing(language, beam_size, (), words=True)
    segments = windows.recognize(model, [sound], hearing, stop)
    again = []
    for segment in segments:
        if segment.avg_logprob >= -1 and segment.compression_ratio <= 2.4 and segment.no_speech_prob <= 0.6:
            again += segment.words or []
    return again


def parts(times: list[tuple[float, float]], places: list[key_terms.Place]) -> list[Part]:
    """Returns what to recognize again: the words of each place and those around it, as far as there is no pause. Places that are near each
    other share a part. `times` are those of all words; places are in order."""
    made: list[Part] = []
    for place in places:
        first, end = place.first, place.end
        if times[end - 1][1] - times[first][0] > _LONGEST - 2 * _CONTEXT or any(
            _is_pause(times, index) for index in range(first + 1, end)
        ):
            continue  # these words do not belong together
        while first and not _is_pause(times, first) and times[place.first][0] - times[first - 1][0] <= _CONTEXT:
            first -= 1
        while end < len(times) and not _is_pause(times, end) and times[end][1] - times[place.end - 1][1] <= _CONTEXT:
            end += 1
        last = made[-1] if made else None
        if last and place.end <= last.end:
            last.places.append(place)
        elif last and first < last.end and times[end - 1][1] - times[last.first][0] <= _LONGEST:
            made[-1] = Part(last.first, end, [*last.places, place])
        else:
            made.append(Part(first, end, [place]))
    return made


def _is_pause(times: list[tuple[float, float]], index: int) -> bool:
    return times[index][0] - times[index - 1][1] > _PAUSE


def _bounds(words: list, part: Part, duration: float) -> tuple[float, float]:
    """Returns the seconds of a part, with a little before and after it, but without other words."""
    before = words[part.first - 1].end if part.first else 0.0
    after = words[part.end].start if part.end < len(words) else duration
    start, end = words[part.first].start, words[part.end - 1].end
    return max(0.0, min(start, max(before, start - _PAD))), min(duration, max(end, min(after, end + _PAD)))


def likeliest(made: list[Part], most: int) -> list[Part]:
    """Returns at most so many parts, in order: those with the places that are most alike."""
    best = sorted(made, key=lambda part: -max(place.likeness for place in part.places))[:most]
    return sorted(best, key=lambda part: part.first)


def _terms_of(places: list[key_terms.Place]) -> list[int]:
    """Returns the terms of these places, the most alike first; of the same likeness in the caller's order."""
    best: dict[int, float] = {}
    for place in places:
        best[place.term] = max(best.get(place.term, 0.0), place.likeness)
    return sorted(best, key=lambda term: (-best[term], term))


def hint(terms: list[str], tokens) -> str:
    """Joins the terms that fit, whole. `tokens` counts the tokens of a text."""
    taken: list[str] = []
    size = 0
    for term in terms:
        count = tokens(f" {term},")
        if size + count <= MOST_TOKENS:
            taken.append(term)
            size += count
    return ", ".join(taken)


def replacements(heard: list, again: list, terms: list[str]) -> list[Replacement]:
    """Compares the words of the first and the second recognition."""
    old = [key_terms.plain(word.word) for word in heard]
    new = [key_terms.plain(_POSSESSIVE.sub("", _bare(word.word))) for word in again]
    # Words that are no term are equal only with their possessive.
    compared = [key_terms.plain(word.word) for word in again]
    wanted = sorted(((key_terms.plain(term), term) for term in terms), key=lambda pair: -len(pair[0]))
    operations = difflib.SequenceMatcher(None, old, compared, autojunk=False).get_opcodes()
    found: list[Replacement] = []
    at = 0
    while at < len(again):
        term, end = next(((term, end) for letters, term in wanted if (end := _spelled(new, at, letters))), ("", at + 1))
        first, last = _counterpart(operations, at, end) if term else (0, 0)
        if first < last and old[first:last] != compared[at:end]:
            place = _place(heard, first, last, again[at:end], key_terms.most_words(term))
            if place is not None:
                found.append(Replacement(*place, _written(term, heard[place[0] : place[1]], again[at:end])))
        at = end
    # A term that is repeated where something was heard once is the hint's echo.
    return [
        one
        for one in found
        if all(other is one or other.end <= one.first or one.end <= other.first for other in found)
    ]


def _bare(word: str) -> str:
    return re.sub(r"^\W+|\W+$", "", word)


def _spelled(words: list[str], start: int, letters: str) -> int | None:
    """Returns where the words end that, from `start` on, have just these letters."""
    joined = ""
    for index in range(start, len(words)):
        joined += words[index]
        if joined == letters:
            return index + 1
        if len(joined) >= len(letters):
            return None
    return None


def _counterpart(operations: list[tuple[str, int, int, int, int]], start: int, end: int) -> tuple[int, int]:
    """Returns what was heard the first time in place of these words of the second."""
    ranges = []
    for kind, i1, i2, j1, j2 in operations:
        first, last = max(start, j1), min(end, j2)
        if first < last:
            ranges.append((i1 + first - j1, i1 + last - j1) if kind == "equal" else (i1, i2))
    return ranges[0][0], ranges[-1][1]


def _place(heard: list, first: int, end: int, said: list, most: int) -> tuple[int, int] | None:
    """Returns the words that a term replaces: of those from `first` to `end` the ones that sound most like it, at most `most`. None if the
    term is not to be believed."""
    text = "".join(word.word for word in said)
    best, chosen = 0.0, (first, first)
    for start in range(first, end):
        for stop in range(start + 1, min(end, start + most) + 1):
            alike = key_terms.likeness("".join(word.word for word in heard[start:stop]), text)
            if alike > best:
                best, chosen = alike, (start, stop)
    replaced = heard[chosen[0] : chosen[1]]
    if best < key_terms.ALIKE or not _is_probable(said, replaced):
        return None
    if abs(said[0].start - replaced[0].start) > _BLUR or abs(said[-1].end - replaced[-1].end) > _BLUR:
        return None
    return chosen


def _is_probable(said: list, replaced: list) -> bool:
    # The probability of a word is that of the sound without any hint: faster-whisper aligns words without the prompt.
    before, after = _mean_logarithm(replaced), _mean_logarithm(said)
    return after >= before - (_WORSE_IF_CLEAR if before > _CLEAR else _WORSE)


def _mean_logarithm(words: list) -> float:
    return sum(math.log(max(word.probability, 1e-6)) for word in words) / len(words)


def _written(term: str, replaced: list, said: list) -> list:
    """Returns the words of a term as the caller writes it, with the times of those that it replaces, and the marks around them."""
    spelled = term.split()
    start, end = replaced[0].start, replaced[-1].end
    letters = [max(1, len(key_terms.plain(word))) for word in spelled]
    lead = re.match(r"\W*", replaced[0].word)[0]
    tail = re.search(r"\W*$", replaced[-1].word)[0]
    owned = _POSSESSIVE.search(_bare(said[-1].word))
    probability = sum(word.probability for word in said) / len(said)
    words = []
    for index, word in enumerate(spelled):
        begin, finish = (start + (end - start) * sum(letters[:count]) / sum(letters) for count in (index, index + 1))
        last = index == len(spelled) - 1
        text = (lead if index == 0 else " ") + word + ((owned[0] if owned else "") + tail if last else "")
        words.append(copy.copy(said[0]))
        words[-1].start, words[-1].end, words[-1].word, words[-1].probability = begin, finish, text, probability
    return words


def _replace(heard: list, found: list[Replacement]) -> None:
    """A term that replaces words of two segments belongs to the first of them."""
    starting = {one.first: one for one in found}
    place = until = 0
    left = []
    for segment in heard:
        kept, is_changed = [], False
        for word in segment.words or []:
            if place in starting:
                kept += starting[place].words
                until = starting[place].end
            if place < until:
                is_changed = True
            else:
                kept.append(word)
            place += 1
        if is_changed:
            segment.words, segment.tokens = kept, []
            segment.text = "".join(word.word for word in kept)
        if kept or not is_changed:
            left.append(segment)
    heard[:] = left
