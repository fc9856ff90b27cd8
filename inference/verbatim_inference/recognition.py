"""Recognition: turns the audio of one request into segments and words with times and probabilities.

First, silence is left out, by speech detection or by spans from the caller. The rest is joined and recognized (`windows`), and the
times are converted back. Speech in which no word was recognized is then recognized once more, by itself (`unheard`), and so is
what may be one of the caller's key terms (`term_hearing`).

Times are seconds from the start of the audio. They never decrease and never exceed its duration. A word keeps Whisper's leading
space (" Hello"), so that joining words gives the text in any script. The `Stop` is checked between windows, so that work for
a client that has closed its connection soon ends."""

import bisect
import copy
import itertools
import math
from dataclasses import dataclass

import numpy as np

from . import activity, order, term_hearing, unheard, windows
from .audio import RATE
from .model import Model
from .pool import Stop

FALLBACK_TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""If a result repeats itself or is improbable, the next temperature is tried."""


_MARKS = frozenset(".,!?;:…。！？、，")

_STRETCH, _CLOSE = 1.0, 0.15
"""Seconds before a seam, which is where two spans were joined: stretched words begin at most `_STRETCH` before it, and the
last of them ends at most `_CLOSE` before it."""


@dataclass(frozen=True)
class Request:
    language: str | None = None
    """A language code; None: detect the language."""
    beam_size: int = 5
    temperatures: tuple[float, ...] = FALLBACK_TEMPERATURES
    words: bool = False
    prompt: str | None = None
    condition_on_previous_text: bool = False
    vad_filter: bool = True
    speech: tuple[activity.Span, ...] | None = None
    """Where somebody speaks, if the caller knows. It replaces speech detection."""
    terms: tuple[str, ...] = ()
    """Key terms."""


def recognize(model: Model, samples: np.ndarray, request: Request, stop: Stop) -> dict:
    """Returns the answer in the format of `verbose_json`. Raises `ClientGone`."""
    answer = {
        "task": "transcribe",
        "language": request.language,
        "language_probability": None,
        "duration": round(samples.size / RATE, 3),
        "text": "",
        "segments": [],
        "model": model.id,
    }
    if request.words:
        answer["words"] = []
    spans = _spans(samples, request)
    if not spans:
        return answer
    stop.check()
    segments, language, probability = _transcribe(model, samples, spans, request, stop)
    answer["language"], answer["language_probability"] = language, _number(probability)
    heard = []
    for segment in _on_the_pieces_clock(segments, spans):
        stop.check()
        heard.append(segment)
    if _is_heard_twice(request):
        for segment in _second_hearing(model, samples, spans, heard, request, language, stop):
            _insert(segment, heard)
    if request.terms:
        term_hearing.apply(model, samples, heard, list(request.terms), language, request.beam_size, stop)
    _put_in_order(heard, round(samples.size / RATE, 3))
    answer["segments"] = [_rendered(segment, index, request.words) for index, segment in enumerate(heard)]
    answer["text"] = "".join(segment["text"] for segment in answer["segments"]).strip()
    if request.words:
        answer["words"] = [word for segment in answer["segments"] for word in segment["words"]]
    return answer


def _transcribe(model: Model, samples: np.ndarray, spans: list[activity.Span], request: Request, stop: Stop):
    """Returns segments with times of the joined spans, the language, and its probability."""
    speech = activity.joined(samples, spans)
    with_words = request.words or bool(request.terms)
    if request.condition_on_previous_text:
        # Each window then needs the text of the one before it.
        segments, information = model.whisper.transcribe(
            speech,
            language=request.language,
            beam_size=request.beam_size,
            temperature=list(request.temperatures),
            word_timestamps=with_words,
            initial_prompt=request.prompt,
            condition_on_previous_text=True,
            vad_filter=False,
        )
        return segments, language, language_probability
    language, probability = request.language, 1.0
    if not model.is_multilingual:
        language = "en"
    elif language is None:
        language, probability, _ = model.whisper.detect_language(speech)
    rest = windows.REST if _is_heard_twice(request) else 0
    hearing = windows.Hearing(language, request.beam_size, request.temperatures, with_words, rest=rest)
    pieces = windows.pieces(model, speech, [end - start for start, end in spans], request.prompt)
    return windows.recognize(model, pieces, hearing, stop), language, probability


def _is_heard_twice(request: Request) -> bool:
    """Whether speech without words is recognized once more."""
    return request.words and (request.speech is not None or request.vad_filter)


def _spans(samples: np.ndarray, request: Request) -> list[activity.Span]:
    if request.speech is not None:
        return [(start, min(end, samples.size)) for start, end in request.speech if start < samples.size]
    if request.vad_filter:
        return activity.find(samples, activity.Settings())
    return [(0, samples.size)]


def _on_the_pieces_clock(segments, spans: list[activity.Span]):
    """Converts the segments' times from the joined spans back to the original audio."""
    seams = [0.0, *itertools.accumulate((end - start) / RATE for start, end in spans[:-1])]
    shifts = [start / RATE - seam for (start, _), seam in zip(spans, seams, strict=True)]

    def span_at(time: float) -> int:
        return max(0, bisect.bisect_right(seams, time) - 1)

    for segment in segments:
        if not segment.words:
            segment.start += shifts[span_at(segment.start)]
            # An end on a seam belongs to the span before it.
            segment.end += shifts[max(0, bisect.bisect_left(seams, segment.end) - 1)]
            yield segment
            continue
        at = [span_at((word.start + word.end) / 2) for word in segment.words]
        for word, index in zip(segment.words, _after_the_seam(segment.words, at, seams), strict=True):
            word.start = max(word.start, seams[index]) + shifts[index]
            word.end = max(word.end, seams[index]) + shifts[index]
        segment.start, segment.end = segment.words[0].start, segment.words[-1].end
        yield segment


def _after_the_seam(words, at: list[int], seams: list[float]) -> list[int]:
    """Returns the span of each word. The model may begin a sentence's first words too early, in the silence before it, and so
    before a seam, where two spans were joined. So words that end right before a seam are moved to the span with the rest of
    their sentence. In the recording, that may be a minute later. Words that were really said before the pause end earlier,
    because the padding of their span follows them."""
    first_after = next((index for index, span in enumerate(at) if span > at[0]), None)
    if first_after is None:
        return at
    seam = seams[at[first_after]]
    if words[0].start < seam - _STRETCH or words[first_after - 1].end < seam - _CLOSE:
        return at
    return [at[first_after]] * first_after + at[first_after:]


def _second_hearing(
    model: Model, samples: np.ndarray, spans: list[activity.Span], heard: list, request: Request, language, stop: Stop
) -> list:
    """Recognizes speech without words once more. Returns segments with times of the original audio."""
    words = [(word.start, word.end) for segment in heard for word in segment.words or []]
    # No closer look: if the model is not sure the first time, later attempts would not be trusted either.
    hearing = windows.Hearing(language, request.beam_size, (), words=True)
    pieces = [
        windows.Piece(windows.features(model, samples[int(part.start * RATE) : int(part.end * RATE)]), part.start)
        for part in unheard.parts(samples, words, spans)
    ]
    found = [segment for segment in windows.recognize(model, pieces, hearing, stop) if unheard.is_sure(segment)]
    for segment in found:
        segment.start, segment.end = segment.words[0].start, segment.words[-1].end
    return found


def _insert(new, heard: list) -> None:
    """Inserts a segment of the second recognition: between two segments, or between two words of one, which is split there."""
    place = next((index for index, segment in enumerate(heard) if segment.start >= new.start), len(heard))
    words = heard[place - 1].words or [] if place else []
    cut = next((index for index, word in enumerate(words) if word.start >= new.start), len(words))
    if cut and words[cut - 1].end - words[cut - 1].start > unheard.LONGEST_WORD:
        # The model stretched this word over the speech that it skipped. If a sentence begins with this word or one of the two
        # before it, the new segment goes before that sentence.
        starts = range(cut - 1, max(0, cut - 4), -1)
        cut = next((index for index in starts if words[index - 1].word[-1:] in _MARKS), cut)
    if 0 < cut < len(words):
        before = heard[place - 1]
        after = copy.copy(before)
        before.words, after.words, after.tokens = words[:cut], words[cut:], []
        for part in (before, after):
            part.text = "".join(word.word for word in part.words)
            part.start, part.end = part.words[0].start, part.words[-1].end
        heard.insert(place, after)
    heard.insert(place, new)


def _put_in_order(segments: list, duration: float) -> None:
    """Corrects times that step back or exceed the duration, as Whisper's own may."""
    told = [part for segment in segments for part in segment.words or [segment]]
    for part, (start, end) in zip(told, order.mended([(part.start, part.end) for part in told], duration), strict=True):
        part.start, part.end = round(start, 3), round(end, 3)


def _rendered(segment, index: int, with_words: bool) -> dict:
    words = []
    start, end = segment.start, segment.end
    if segment.words:
        for word in segment.words:
            probability = _number(word.probability)
            words.append({"word": word.word, "start": word.start, "end": word.end, "probability": probability})
        start, end = words[0]["start"], max(word["end"] for word in words)
    return {
        "id": index,
        "seek": segment.seek,
        "start": start,
        "end": end,
        "text": segment.text,
        "tokens": segment.tokens,
        "temperature": segment.temperature,
        "avg_logprob": _number(segment.avg_logprob),
        "compression_ratio": _number(segment.compression_ratio),
        "no_speech_prob": _number(segment.no_speech_prob),
        **({"words": words} if with_words else {}),
    }


def _number(value: float) -> float | None:
    """Rounds to four decimals. Returns None for infinity and NaN, which JSON does not have."""
    return round(float(value), 4) if math.isfinite(value) else None
