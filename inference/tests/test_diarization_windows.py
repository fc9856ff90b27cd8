"""How windows become tracks, with synthetic activities instead of the segmentation model; and the embedding model with real
speech."""

import math
import unittest

import numpy as np
from support import ROOT, samples

from verbatim_inference.diarization import features, resegmentation
from verbatim_inference.diarization.carried import Carried, Settings
from verbatim_inference.diarization.embedding import Embedding
from verbatim_inference.diarization.resolution import continued
from verbatim_inference.diarization.segmentation import FRAMES, WINDOW, Activity
from verbatim_inference.errors import ClientGone
from verbatim_inference.pool import Stop



class Windows:
    """Replaces the segmentation model: says who speaks in each window. `0` is the first voice from start to end, `0 1` the
    first and then the second, `-` nobody."""

    def __init__(self, *windows: str) -> None:
        self.left = list(windows)

    def run(self, windows: np.ndarray) -> list[Activity]:
        return [self.activity(self.left.pop(0)) for _ in windows]

    def activity(self, said: str) -> Activity:
        voices = np.zeros((FRAMES, 3), np.float32)
        parts = said.split()
        for number, voice in enumerate(parts):
            if voice != "-":
                voices[number * FRAMES // len(parts) : (number + 1) * FRAMES // len(parts), int(voice)] = 1
        return Activity(voices, voices.max(axis=1), np.zeros(FRAMES, np.float32))


class Vectors:
    """Replaces the embedding model, and counts its calls."""

    def __init__(self) -> None:
        self.made = 0

    def run(self, pieces: list[np.ndarray]) -> np.ndarray:
        self.made += 1
        return np.eye(8, dtype=np.float32)[self.made % 8]


def tracks(*windows: str, stop: Stop | None = None):
    uncut = Settings(pieces=resegmentation.Settings(least=math.inf))  # no vectors of pieces
    carried, vectors = Carried(ROOT / "models", uncut), Vectors()
    carried._loaded = Windows(*windows), vectors
    heard = np.zeros(WINDOW + (len(windows) - 1) * 297 * 270, np.float32)
    return carried.tracks(heard, None, None, stop or Stop()), vectors.made


class WindowsToTracks(unittest.TestCase):
    def test_voices_of_one_window_are_one_group_and_those_of_another_window_another(self):
        found, _ = tracks("0 1", "1 0", "0 1", "1 0")
        groups = [track.group for track in found]
        self.assertEqual(groups, sorted(groups))
        self.assertEqual([groups.count(group) for group in sorted(set(groups))], [2] * 4)

    def test_turns_follow_each_other_without_a_gap_or_an_overlap(self):
        found, _ = tracks("0", "0", "0", "0")
        turns = sorted(turn for track in found for turn in track.turns)
        self.assertLess(turns[0][0], 0.05)
        self.assertGreater(turns[-1][1], 24.9)
        for (_, end), (start, _) in zip(turns, turns[1:]):
            self.assertAlmostEqual(end, start, 3)

    def test_a_voice_that_continues_shares_its_vector_with_the_next_window_only(self):
        found, made = tracks(*["0"] * 6)
        self.assertEqual((len(found), made), (6, 3))
        first, second, third = (track.embedding for track in found[:3])
        self.assertTrue(np.array_equal(first, second))
        self.assertFalse(np.array_equal(second, third))

    def test_the_number_of_a_voice_in_its_window_does_not_matter_for_sharing(self):
        self.assertEqual(tracks("0", "2", "1", "0")[1], 2)

    def test_a_voice_that_speaks_elsewhere_shares_nothing(self):
        self.assertEqual(tracks("0 -", "- 0")[1], 2)

    def test_a_vector_from_little_speech_is_not_shared(self):
        self.assertEqual(tracks("- - - - 0 -", "- 0 - - - -")[1], 2)  # 1.7 s, the same in both windows
        self.assertEqual(tracks("- - - - 0 0", "- 0 0 - - -")[1], 1)  # 3.3 s

    def test_silence_has_no_track(self):
        self.assertEqual(tracks("-", "-", "-"), ([], 0))

    def test_work_for_a_client_that_has_gone_stops(self):
        stop = Stop()
        stop.set()
        with self.assertRaises(ClientGone):
            tracks("0", "0", stop=stop)


class GoingOn(unittest.TestCase):
    def test_the_voice_that_speaks_at_the_same_moments_is_the_same(self):
        before, after = np.zeros((2, 300, 3), np.float32)
        before[50:200, 2] = after[52:205, 0] = 1
        before[200:300, 1] = after[205:300, 1] = 1
        self.assertEqual(continued(before, after, 0, 90, 0.8), 2)
        self.assertEqual(continued(before, after, 1, 90, 0.8), 1)
        self.assertIsNone(continued(before, after, 2, 90, 0.8))

    def test_too_little_in_common_is_not_enough(self):
        before, after = np.zeros((2, 300, 3), np.float32)
        before[0:80, 0] = after[0:80, 0] = 1
        self.assertIsNone(continued(before, after, 0, 90, 0.8))
        before[0:300, 0] = after[0:150, 0] = 1
        after[150:, 0] = 0
        self.assertIsNone(continued(before, after, 0, 90, 0.8))


class Voices(unittest.TestCase):
    def test_loudness_does_not_change_a_voice_and_vectors_point_all_ways(self):
        embedding = Embedding(ROOT / "models" / "campplus_zh_en_advanced.onnx")
        heard = np.frombuffer(samples("0890"), "<i2").astype(np.float32) / 32768
        loud, quiet = embedding.run([heard]), embedding.run([heard * 0.3])
        self.assertGreater(float(loud @ quiet), 0.99)
        self.assertAlmostEqual(float(np.linalg.norm(loud)), 1, 5)
        self.assertGreater(int((loud < 0).sum()), 40)  # the model as published, not the export that cut them off
        self.assertIsNone(embedding.run([heard[:100]]))

    def test_filter_banks_show_the_pitch_of_a_tone(self):
        def loudest(hertz: float) -> int:
            tone = np.sin(np.arange(16_000) * 2 * np.pi * hertz / 16_000).astype(np.float32)
            banks = features.filter_banks(tone)
            self.assertEqual(banks.shape, (98, 80))
            return int(banks.mean(axis=0).argmax())

        places = [loudest(hertz) for hertz in (300, 1000, 3000, 7000)]
        mel = [81 * np.log1p(hertz / 700) / np.log1p(8000 / 700) for hertz in (300, 1000, 3000, 7000)]
        for place, wanted in zip(places, mel):
            self.assertAlmostEqual(place, wanted, delta=2.5)


if __name__ == "__main__":
    unittest.main()
