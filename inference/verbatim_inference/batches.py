"""Recognition in batches: the windows of one request are recognized together, which keeps a GPU busy.

Windows are then independent of each other. So they are cut here, at pauses, instead of where the model has finished a sentence. A result
that repeats itself or is improbable is not tried again at another temperature, and no text is carried from one window to the next."""

import numpy as np

from .audio import RATE
from .model import Model

LONGEST = 30 * RATE
"""The model's window."""
_EARLIEST = 20 * RATE
_STEP = RATE // 50


def transcribe(model: Model, speech: np.ndarray, lengths: list[int], options: dict):
    """Recognizes joined spans of speech, which have these lengths. Times are seconds from the start of `speech`. Returns segments and
    information, as `WhisperModel.transcribe` does."""
    from faster_whisper import BatchedInferencePipeline

    clips = [{"start": start / RATE, "end": end / RATE} for start, end in windows(speech, lengths)]
    # A pipeline remembers where the last speech was, so each request has its own.
    return BatchedInferencePipeline(model.whisper).transcribe(
        speech, clip_timestamps=clips, batch_size=model.batch_size, without_timestamps=False, **options
    )


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


def _quietest(window: np.ndarray) -> int:
    """Returns where the quietest fifth of a second is, after the first 20 seconds."""
    tail = window[_EARLIEST:]
    energy = np.square(tail[: tail.size // _STEP * _STEP]).reshape(-1, _STEP).mean(axis=1)
    smooth = np.convolve(energy, np.full(10, 0.1), mode="valid")
    return _EARLIEST + (int(smooth.argmin()) + 5) * _STEP
