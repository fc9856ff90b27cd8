"""Recognition in batches: where it cuts, and what it hears."""

import io
import unittest

import numpy as np
from support import reference, samples, silence, wav, word_errors, words
from verbatim_inference import audio, batches, model, options, recognition
from verbatim_inference.audio import RATE
from verbatim_inference.pool import Stop


class Windows(unittest.TestCase):
    def test_short_spans_share_a_window_and_are_never_cut(self):
        lengths = [10 * RATE, 15 * RATE, 6 * RATE, 29 * RATE, RATE]
        speech = np.ones(sum(lengths), np.float32)
        seams = [(0, 25), (25, 31), (31, 61)]
        self.assertEqual(batches.windows(speech, lengths), [(start * RATE, end * RATE) for start, end in seams])

    def test_a_long_span_is_cut_where_it_is_quietest(self):
        speech = np.random.default_rng(1).normal(0, 0.1, 70 * RATE).astype(np.float32)
        for second in (10, 24, 51):  # the first comes too early to cut there
            speech[second * RATE : second * RATE + RATE // 2] = 0
        cut = batches.windows(speech, [speech.size])
        self.assertEqual((cut[0][0], cut[-1][1]), (0, speech.size))
        self.assertEqual([end for _, end in cut[:-1]], [start for start, _ in cut[1:]])
        self.assertTrue(all(0 < end - start <= 30 * RATE for start, end in cut))
        for boundary, second in zip([end for _, end in cut[:-1]], (24, 51), strict=True):
            self.assertTrue(second * RATE <= boundary <= second * RATE + RATE // 2, boundary / RATE)

    def test_all_windows_cover_everything_in_order(self):
        random = np.random.default_rng(2)
        for _ in range(50):
            lengths = [int(length) for length in random.integers(1, 80 * RATE, random.integers(1, 6))]
            cut = batches.windows(np.zeros(sum(lengths), np.float32), lengths)
            self.assertEqual([0] + [end for _, end in cut], [start for start, _ in cut] + [sum(lengths)])
            self.assertTrue(all(0 < end - start <= 30 * RATE for start, end in cut))


class InBatches(unittest.TestCase):
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
        # A segment is a sentence, and there are two windows.
        self.assertGreaterEqual(len(answer["segments"]), 8)
        self.assertTrue(all(segment["text"].strip()[-1] in ".,!?" for segment in answer["segments"]))
        # Each clip's first word is where the clip is.
        starts = [word["start"] for word in answer["words"]]
        at = 5.0
        for number in clips * 2:
            self.assertLess(min(abs(start - at) for start in starts), 1.0, number)
            at += len(samples(number)) / 2 / RATE + 2.5

    def test_silence_is_empty(self):
        answer = self.hear(silence(40))
        self.assertEqual((answer["text"], answer["segments"], answer["words"]), ("", [], []))

    def test_without_words_a_segment_is_a_window(self):
        heard = audio.read(io.BytesIO(wav((samples("0870") + silence(1)) * 5)), 60)
        answer = recognition.recognize(self.model, heard, recognition.Request(language="en"), Stop())
        self.assertEqual(len(answer["segments"]), 2)
        self.assertTrue(all(segment["end"] - segment["start"] <= 34 for segment in answer["segments"]))  # with the pauses


if __name__ == "__main__":
    unittest.main()
