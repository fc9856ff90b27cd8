"""Recognition in batches: the windows of one request are recognized together, which keeps a GPU busy.

Windows are then independent of each other. So they are cut here, at pauses, instead of where the model has finished a sentence. A result
that repeats itself or is improbable is not tried again at another temperature, and no text is carried from one window to the next.

The model is asked for words only, without its own times: with them it may end a window early, and nobody would recognize the rest. So a
segment is a sentence if words have times, which are found by alignment; otherwise it is a window."""

import copy

import numpy as np

from .audio import RATE
from .model import Model

LONGEST = 30 * RATE
"""The model's window."""
_EARLIEST = 20 * RATE
_STEP = RATE // 50
_ENDS = (".", "!", "?", "…", "。", "！", "？")


def transcribe(model: Model, speech: np.ndarray, lengths: list[int], options: dict):
    """Recognizes joined spans of speech, which have these lengths. Times are seconds from the start of `speech`. Returns segments and
    information, as `WhisperModel.transcribe` does."""
    from faster_whisper import BatchedInferencePipeline

    clips = [{"start": start / RATE, "end": end / RATE} for start, end in windows(speech, lengths)]
    # A pipeline remembers where the last speech was, so each request has its own.
    segments, information = BatchedInferencePipeline(model.whisper).transcribe(
        speech, clip_timestamps=clips, batch_size=model.batch_size, without_timestamps=True, **options
    )
    return (sentence for segment in segments for sentence in sentences(segment)), information


def windows(speech: np.ndarray, lengths: list[int]) -> list[tuple[int, int]]:
    """Cuts joined spans into windows of at most 30 seconds: between two spans, or where a long span is quietest."""
    cut: list[tuple[int, int]] = []
    start = end = 0
    for length in lengths:
        if end + length - start > LONGEST and end > start:
            cut.append((start, end))
            start = end
        end += length
        while end - start > LONGEST:
            middle = start + _quietest(speech[start : start + LONGEST])
            cut.append((start, middle))
            start = middle
    if end > start:
        cut.append((start, end))
    return cut


def sentences(segment):
    """Splits a segment after each word that ends a sentence. The model's figures are those of the whole."""
    words = segment.words or []
    ends = [index for index, word in enumerate(words, 1) if word.word.endswith(_ENDS)]
    if not ends or ends == [len(words)]:
        yield segment
        return
    for start, end in zip([0, *ends], [*ends, len(words)], strict=True):
        if start < end:
            part = copy.copy(segment)
            part.words, part.tokens = words[start:end], []
            part.text = "".join(word.word for word in part.words)
            part.start, part.end = part.words[0].start, part.words[-1].end
            yield part


def _quietest(window: np.ndarray) -> int:
    """Returns where the quietest fifth of a second is, after the first 20 seconds."""
    tail = window[_EARLIEST:]
    energy = np.square(tail[: tail.size // _STEP * _STEP]).reshape(-1, _STEP).mean(axis=1)
    smooth = np.convolve(energy, np.full(10, 0.1), mode="valid")
    return _EARLIEST + (int(smooth.argmin()) + 5) * _STEP
