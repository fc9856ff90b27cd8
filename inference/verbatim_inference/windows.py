"""Recognition in windows of at most 30 seconds, several at a time.

The sound is cut into pieces at pauses. A window begins where the last whole sentence of the piece's window before it ended, as Whisper's
own do; windows of different pieces are recognized together. For each word the decoder reads all of the model's weights, so for several
windows it takes little longer than for one.

In a full window, each word is the most probable one at first. Only where the result is improbable, or repeats itself, is the window
recognized again, alone: with a beam, and if that does not help, at higher temperatures.

The encoder's time grows faster than its context, so a window that is not full gets a shorter one, and a beam at once. There must be some silence after the
sound, or the model does not find the end. What repeats itself in a short context is recognized again in a whole one."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .audio import RATE
from .model import Model
from .pool import Stop

FRAMES = 100
"""A second has so many."""
LONGEST = 30 * FRAMES
"""The model's window."""
_SHORTEST_CONTEXT, _MARGIN, _STEP = 10 * FRAMES, 4 * FRAMES, 5 * FRAMES
"""Frames: of a context at least; of silence in it after the sound; and by how much contexts differ, so that many are the same."""
REST = 80
"""Frames: so little at the end of a piece is silence as a rule, and not worth a window if speech without words is recognized once more."""

_SHORTEST_PIECE, _SHIFT = 25 * RATE, 6 * RATE
"""Samples: pieces are hardly shorter; and one is cut at most so far from where all would have the same length."""
_STRETCH = RATE // 50

_SURE = -0.5
"""The mean logarithm of the probabilities of what is believed without a beam."""
_IMPROBABLE, _NO_SPEECH, _REPEATED = -1.0, 0.6, 2.4
"""Whisper's own limits: of the same mean; of the probability that nobody speaks; and of how much the text can be compressed."""

_FEWEST_TOKENS, _TOKENS_A_SECOND = 14, 7
"""Whisper allows 224 tokens in 30 seconds, which are these. What has so many is a loop that found no end."""

_OPENING, _CLOSING = "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、"
"""Marks that belong to the word after them, and to the one before them."""


@dataclass(frozen=True)
class Hearing:
    """How to recognize."""

    language: str
    beam_size: int
    temperatures: tuple[float, ...]
    """Of the closer looks at what is doubtful; none: there is no closer look."""
    words: bool
    """Whether words get times."""
    rest: int = 0
    """Frames: so little at the end of a piece is left out."""


@dataclass
class Piece:
    """Sound that is recognized window by window."""

    features: np.ndarray
    """The spectrogram: a row each band, a column each frame."""
    start: float = 0.0
    """Seconds to add to all times."""
    prompt: str | None = None
    """What the model is told was said before."""
    terms: str | None = None
    """Words that the model is told to expect."""
    at: int = 0
    """The frame at which the next window begins."""
    segments: list = field(default_factory=list)

    @property
    def window(self) -> np.ndarray:
        return self.features[:, self.at : self.at + LONGEST]

    @property
    def context(self) -> int:
        """Frames that the encoder gets of the next window, with silence after it."""
        frames = max(_SHORTEST_CONTEXT, self.window.shape[1] + _MARGIN)
        return min(LONGEST, -(-frames // _STEP) * _STEP)

    @property
    def left(self) -> int:
        """Frames that are not recognized yet."""
        return self.features.shape[1] - self.at


def features(model: Model, samples: np.ndarray) -> np.ndarray:
    """Returns the spectrogram of `samples`."""
    return model.whisper.feature_extractor(samples)[:, : -(-samples.size * FRAMES // RATE)]


def pieces(model: Model, speech: np.ndarray, lengths: Sequence[int], prompt: str | None = None) -> list[Piece]:
    """Cuts joined spans of speech, which have these lengths in samples. Times are seconds from the start of `speech`."""
    whole = features(model, speech)
    borders = [0, *(border * FRAMES // RATE for border in cuts(speech, lengths, model.batch_size)), whole.shape[1]]
    return [
        Piece(whole[:, start:end], start / FRAMES, prompt) for start, end in zip(borders, borders[1:]) if start < end
    ]


def cuts(speech: np.ndarray, lengths: Sequence[int], most: int) -> list[int]:
    """Returns where to cut joined spans of these lengths into at most `most` pieces: between two spans if possible, otherwise where it is
    quietest."""
    seams = np.cumsum(lengths)[:-1] if len(lengths) else np.array([], dtype=int)
    found: list[int] = []
    start = 0
    for left in range(min(most, max(1, speech.size // _SHORTEST_PIECE)), 1, -1):
        target = start + (speech.size - start) // left
        near = seams[np.abs(seams - target) <= _SHIFT]
        start = int(near[np.abs(near - target).argmin()]) if near.size else _quietest(speech, target)
        found.append(start)
    return found


def _quietest(speech: np.ndarray, target: int) -> int:
    """Returns where the quietest fifth of a second is near `target`."""
    first = target - _SHIFT
    near = speech[first : target + _SHIFT]
    energy = np.square(near[: near.size // _STRETCH * _STRETCH]).reshape(-1, _STRETCH).mean(axis=1)
    smooth = np.convolve(energy, np.full(10, 0.1), mode="valid")
    return first + (int(smooth.argmin()) + 5) * _STRETCH


def recognize(model: Model, pieces: Sequence[Piece], hearing: Hearing, stop: Stop) -> list:
    """Returns the segments of all pieces in order, as `WhisperModel.transcribe` does. Raises `ClientGone`."""
    decoder = _Decoder(model, hearing)
    waiting = [piece for piece in pieces if piece.left > 0]
    while waiting:
        stop.check()
        # Windows that are recognized together have the same size, and the largest come first: what they leave may join smaller ones.
        waiting.sort(key=lambda piece: -piece.context)
        size = decoder.size(waiting[0])
        most = model.batch_size * LONGEST // waiting[0].context
        decoder.advance([piece for piece in waiting if decoder.size(piece) == size][:most])
        waiting = [piece for piece in waiting if piece.left > hearing.rest]
    return [segment for piece in pieces for segment in piece.segments]


@dataclass(frozen=True)
class _Result:
    tokens: list[int]
    mean: float
    """The mean logarithm of the tokens' probabilities."""
    temperature: float
    compression: float
    no_speech: float


class _Decoder:
    def __init__(self, model: Model, hearing: Hearing) -> None:
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        self._whisper, self._hearing = model.whisper, hearing
        self._is_on_cpu = model.device == "cpu"
        self._tokenizer = Tokenizer(
            model.whisper.hf_tokenizer, model.is_multilingual, task="transcribe", language=hearing.language
        )
        self._suppressed = list(get_suppressed_tokens(self._tokenizer, [-1]))
        self._latest_start = round(1.0 / model.whisper.time_precision)

    def size(self, piece: Piece) -> tuple[int, int]:
        """Only windows of the same size can be recognized together."""
        return piece.context, len(self._prompt(piece))

    def advance(self, group: list[Piece]) -> None:
        """Recognizes the next window of each piece."""
        windows = [piece.window for piece in group]
        encoded = self._encode(windows, group[0].context)
        results = [self._believed(*pair) for pair in zip(group, self._likeliest(encoded, group), strict=True)]
        found = []
        for piece, window, result in zip(group, windows, results, strict=True):
            found.append(self._sentences(piece, window.shape[1], result))
        if self._hearing.words:
            sizes = [window.shape[1] for window in windows]
            sentences = [sentences for sentences, _, _ in found]
            self._whisper.add_word_timestamps(sentences, self._tokenizer, encoded, sizes, _OPENING, _CLOSING, 0.0)
        for piece, window, result, (sentences, following, is_at_end) in zip(group, windows, results, found, strict=True):
            piece.segments += self._segments(piece, sentences, result)
            if self._hearing.words and not is_at_end and (words := [word for one in sentences for word in one["words"]]):
                following = round(words[-1]["end"] * FRAMES)
            piece.at = following if following > piece.at else piece.at + window.shape[1]

    def _encode(self, windows: list[np.ndarray], context: int):
        from faster_whisper.audio import pad_or_trim

        padded = [pad_or_trim(window, context)[np.newaxis] for window in windows]
        if not self._is_on_cpu or len(padded) == 1:
            return self._whisper.encode(np.concatenate(padded))
        # One by one, because the attention of several windows does not fit into the caches of a CPU.
        import ctranslate2

        return ctranslate2.StorageView.from_array(np.concatenate([np.array(self._whisper.encode(one)) for one in padded]))

    def _likeliest(self, encoded, group: list[Piece]) -> list[_Result]:
        prompts = [self._prompt(piece) for piece in group]
        most = self._limit(group[0])
        generated = self._whisper.model.generate(
            encoded,
            prompts,
            beam_size=1 if group[0].context == LONGEST else self._hearing.beam_size,
            # CTranslate2 allows half of this, and with the prompt no more than this.
            max_length=max(2 * most, len(prompts[0]) + most),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
            max_initial_timestamp_index=self._latest_start,
        )
        return [self._result(one) for one in generated]

    def _limit(self, piece: Piece) -> int:
        """Returns how many tokens the next window may have. The model has places for a number of them, with the prompt."""
        return min(self._most_tokens(piece.context), self._whisper.max_length - len(self._prompt(piece)))

    @staticmethod
    def _most_tokens(context: int) -> int:
        """Returns how many tokens a window of this context can have. Nobody speaks faster, and a loop costs less."""
        return _FEWEST_TOKENS + _TOKENS_A_SECOND * context // FRAMES

    def _result(self, generated) -> _Result:
        from faster_whisper.transcribe import get_compression_ratio

        tokens = generated.sequences_ids[0]
        text = self._tokenizer.decode(tokens).strip()
        mean = generated.scores[0] * len(tokens) / (len(tokens) + 1)
        return _Result(tokens, mean, 0.0, get_compression_ratio(text) if text else 0.0, generated.no_speech_prob)

    def _believed(self, piece: Piece, result: _Result) -> _Result:
        """Returns `result`, or if it is improbable, that of a closer look."""
        temperatures = self._hearing.temperatures
        is_endless = len(result.tokens) >= self._limit(piece)
        # Who asks for a temperature gets it everywhere.
        is_doubtful = result.mean < _SURE or result.compression > _REPEATED or is_endless or temperatures[:1] > (0.0,)
        if is_doubtful and temperatures and not self._is_silence(result):
            alone = self._encode([piece.window], LONGEST)
            generated, mean, temperature, compression = self._whisper.generate_with_fallback(
                alone, self._prompt(piece), self._tokenizer, self._options()
            )
            result = _Result(generated.sequences_ids[0], mean, temperature, compression, generated.no_speech_prob)
        if self._is_silence(result):
            return _Result([], result.mean, result.temperature, result.compression, result.no_speech)
        return result

    @staticmethod
    def _is_silence(result: _Result) -> bool:
        return result.no_speech > _NO_SPEECH and result.mean <= _IMPROBABLE

    def _options(self):
        from faster_whisper.transcribe import TranscriptionOptions

        return TranscriptionOptions(
            beam_size=self._hearing.beam_size,
            best_of=5,
            patience=1,
            length_penalty=1,
            repetition_penalty=1,
            no_repeat_ngram_size=0,
            log_prob_threshold=_IMPROBABLE,
            no_speech_threshold=_NO_SPEECH,
            compression_ratio_threshold=_REPEATED,
            condition_on_previous_text=False,
            prompt_reset_on_temperature=0.5,
            temperatures=list(self._hearing.temperatures),
            initial_prompt=None,
            prefix=None,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
            without_timestamps=False,
            max_initial_timestamp=1.0,
            word_timestamps=self._hearing.words,
            prepend_punctuations=_OPENING,
            append_punctuations=_CLOSING,
            multilingual=False,
            max_new_tokens=None,
            clip_timestamps="0",
            hallucination_silence_threshold=None,
            hotwords=None,
        )

    def _prompt(self, piece: Piece) -> list[int]:
        before = self._tokenizer.encode(" " + piece.prompt.strip()) if piece.prompt else []
        return self._whisper.get_prompt(self._tokenizer, before, hotwords=piece.terms)

    def _sentences(self, piece: Piece, size: int, result: _Result):
        """Returns the window's sentences, the frame at which the next window begins, and whether nothing is said after the last sentence.
        Times are seconds from the start of the piece."""
        return self._whisper._split_segments_by_timestamps(
            tokenizer=self._tokenizer,
            tokens=result.tokens,
            time_offset=piece.at / FRAMES,
            segment_size=size,
            segment_duration=size / FRAMES,
            seek=piece.at,
        )

    def _segments(self, piece: Piece, sentences: list[dict], result: _Result):
        from faster_whisper.transcribe import Segment, Word

        for sentence in sentences:
            text = self._tokenizer.decode(sentence["tokens"])
            if sentence["start"] == sentence["end"] or not text.strip():
                continue
            words = None
            if self._hearing.words:
                words = [Word(**word) for word in sentence["words"]]
                for word in words:
                    word.start, word.end = word.start + piece.start, word.end + piece.start
            yield Segment(
                id=0,
                seek=round(piece.start * FRAMES) + piece.at,
                start=sentence["start"] + piece.start,
                end=sentence["end"] + piece.start,
                text=text,
                tokens=sentence["tokens"],
                avg_logprob=result.mean,
                compression_ratio=result.compression,
                no_speech_prob=result.no_speech,
                words=words,
                temperature=result.temperature,
            )
