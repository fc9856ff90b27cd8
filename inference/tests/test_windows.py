"""Recognition in windows: where sound is cut into pieces, and what is heard in several at a time."""

import io
import unittest
import unittest.mock

import numpy as np
from support import reference, samples, silence, wav, word_errors, words
from verbatim_inference import audio, model, options, recognition, windows
from verbatim_inference.audio import RATE
from verbatim_inference.pool import Stop


class Cuts(unittest.TestCase):
    def test_short_sound_is_one_piece(self):
        for seconds in (0, 1, 49):
            self.assertEqual(windows.cuts(np.ones(seconds * RATE, np.float32), [seconds * RATE], 3), [])

    def test_it_is_cut_between_two_spans_if_there_are_any_near(self):
        lengths = [10 * RATE, 18 * RATE, 20 * RATE, 32 * RATE]
        speech = np.ones(sum(lengths), np.float32)
        self.assertEqual(windows.cuts(speech, lengths, 3), [28 * RATE, 48 * RATE])

    def test_a_long_span_is_cut_where_it_is_quietest(self):
        speech = np.random.default_rng(1).normal(0, 0.1, 80 * RATE).astype(np.float32)
        for second in (10, 25, 56):  # the first is too far from where it would be cut evenly
            speech[second * RATE : second * RATE + RATE // 2] = 0
        cut = windows.cuts(speech, [speech.size], 3)
        for place, second in zip(cut, (25, 56), strict=True):
            self.assertTrue(second * RATE <= place <= second * RATE + RATE // 2, place / RATE)

    def test_pieces_are_in_order_as_many_as_wanted_and_never_short(self):
        random = np.random.default_rng(2)
        for _ in range(50):
            lengths = [int(length) for length in random.integers(1, 80 * RATE, random.integers(1, 12))]
            most = int(random.integers(1, 9))
            cut = [0, *windows.cuts(np.zeros(sum(lengths), np.float32), lengths, most), sum(lengths)]
            self.assertLessEqual(len(cut) - 1, most)
            sizes = [end - start for start, end in zip(cut, cut[1:])]
            self.assertTrue(len(sizes) == 1 or min(sizes) >= 12 * RATE, (lengths, cut))


class SeveralAtATime(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = model.load(options.Options(workers=1, batch_size=4))

    def hear(self, frames: bytes, **fields) -> dict:
        heard = audio.read(io.BytesIO(wav(frames)), 3600)
        return recognition.recognize(self.model, heard, recognition.Request(language="en", words=True, **fields), Stop())

    def test_several_windows_have_the_words_and_times_of_the_recording(self):
        clips = ("0870", "0880", "0890", "0920", "0930")
        frames = silence(5) + b"".join(samples(number) + silence(2.5) for number in clips * 2)
        answer = self.hear(frames)
        wanted = reference(*clips) * 2
        self.assertLessEqual(word_errors(wanted, words(answer["text"])) / len(wanted), 0.05)
        times = [time for word in answer["words"] for time in (word["start"], word["end"])]
        self.assertEqual(times, sorted(times))
        self.assertLessEqual(times[-1], answer["duration"])
        self.assertGreaterEqual(times[0], 4.5)
        self.assertEqual("".join(segment["text"] for segment in answer["segments"]).strip(), answer["text"])
        # A segment is a sentence, or a part of one.
        self.assertGreaterEqual(len(answer["segments"]), 10)
        for segment in answer["segments"]:
            self.assertNotRegex(segment["text"].strip()[:-1], r"(?<!Mr)[.!?]")
        # Each clip's first word is where the clip is.
        starts = [word["start"] for word in answer["words"]]
        at = 5.0
        for number in clips * 2:
            self.assertLess(min(abs(start - at) for start in starts), 1.0, number)
            at += len(samples(number)) / 2 / RATE + 2.5

    def test_silence_is_empty(self):
        answer = self.hear(silence(40))
        self.assertEqual((answer["text"], answer["segments"], answer["words"]), ("", [], []))

    def test_without_words_segments_have_their_times_and_all_that_is_said(self):
        clips = ("0870", "0880", "0890", "0920", "0930")
        heard = audio.read(io.BytesIO(wav(b"".join(samples(number) + silence(1) for number in clips))), 60)
        answer = recognition.recognize(self.model, heard, recognition.Request(language="en"), Stop())
        wanted = reference(*clips)
        self.assertLessEqual(word_errors(wanted, words(answer["text"])) / len(wanted), 0.05)
        self.assertNotIn("words", answer)
        times = [time for segment in answer["segments"] for time in (segment["start"], segment["end"])]
        self.assertEqual(times, sorted(times))

    def test_a_prompt_may_be_longer_than_the_model_takes(self):
        # The model repeats this one until it has no places left.
        answer = self.hear((samples("0870") + silence(1)) * 4, prompt="Sense and sensibility, by Jane Austen. " * 60)
        self.assertTrue(answer["text"])

    def test_a_temperature_that_is_asked_for_is_used(self):
        answer = self.hear(samples("0870"), temperatures=(0.4,))
        self.assertEqual({segment["temperature"] for segment in answer["segments"]}, {0.4})

    def test_what_is_sure_is_recognized_without_a_beam_and_what_repeats_itself_once_more_with_one(self):
        looks = []

        class Spied(windows._Decoder):
            def _believed(self, piece, result):
                believed = super()._believed(piece, result)
                looks.append((believed is not result, believed.temperature))
                return believed

        original, windows._Decoder = windows._Decoder, Spied
        try:
            self.hear(samples("0870") + silence(1) + samples("0890"))
            self.assertEqual(set(looks), {(False, 0.0)})
            looks.clear()
            self.hear((samples("0870")[: 3 * RATE * 2] + silence(0.4)) * 8)
            self.assertIn(True, [again for again, _ in looks])
        finally:
            windows._Decoder = original

    def test_a_short_window_has_the_words_that_a_whole_one_has(self):
        whole = windows._SHORTEST_CONTEXT
        texts = []
        for context in (whole, windows.LONGEST):
            windows._SHORTEST_CONTEXT = context
            try:
                texts.append([words(self.hear(samples(number))["text"]) for number in ("0870", "0890", "0930")])
            finally:
                windows._SHORTEST_CONTEXT = whole
        self.assertEqual(*texts)


class Tokens(unittest.TestCase):
    def test_a_whole_window_has_whispers_own_limit_and_a_short_one_less(self):
        most = [windows._Decoder._most_tokens(seconds * windows.FRAMES) for seconds in (10, 30)]
        self.assertEqual(most, [84, 224])

    def test_what_finds_no_end_is_recognized_again(self):
        loaded = model.load(options.Options(workers=1))
        heard = audio.read(io.BytesIO(wav(samples("0870"))), 3600)
        with unittest.mock.patch.object(windows._Decoder, "_most_tokens", lambda *_: 8):
            answer = recognition.recognize(loaded, heard, recognition.Request(language="en", words=True), Stop())
        self.assertLessEqual(word_errors(reference("0870"), words(answer["text"])), 1)


if __name__ == "__main__":
    unittest.main()
