"""Which tracks are one speaker, with synthetic voices: vectors around centers as far apart as those of real voices."""

import time
import unittest
from dataclasses import replace

import numpy as np

from verbatim_inference.diarization.carried import Carried
from verbatim_inference.diarization.clustering import FOUNDERS, Settings, Tracks, label
from verbatim_inference.diarization.counts import Count
from verbatim_inference.diarization.library import Library

SETTINGS = Carried.clustering


def voices(count: int, seed: int = 1, near: float = 0.0) -> np.ndarray:
    """Returns the voices' centers. `near`: the cosine of any two of them."""
    chance = np.random.default_rng(seed)
    own = np.linalg.qr(chance.standard_normal((192, count + 1)))[0].T
    return np.sqrt(near) * own[-1] + np.sqrt(1 - near) * own[:count]


def heard(who: np.ndarray, centers: np.ndarray, seconds, groups=None, seed: int = 2, like: float = 0.7) -> Tracks:
    """Returns tracks of these speakers. `like`: the cosine of two tracks of one speaker."""
    chance = np.random.default_rng(seed)
    noise = chance.standard_normal((len(who), centers.shape[1]))
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    vectors = np.sqrt(like) * centers[who] + np.sqrt(1 - like) * noise
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    lengths = np.broadcast_to(np.asarray(seconds, np.float32), len(who))
    return Tracks(vectors.astype(np.float32), lengths, np.arange(len(who)) if groups is None else np.asarray(groups))


def same(labels: np.ndarray, who: np.ndarray) -> bool:
    """Returns whether both group the tracks in the same way."""
    return len({(int(a), int(b)) for a, b in zip(labels, who)}) == len(set(labels.tolist())) == len(set(who.tolist()))


class Clustering(unittest.TestCase):
    def test_each_voice_is_one_speaker_however_many_there_are(self):
        for count in (1, 2, 3, 5, 8, 12):
            who = np.arange(20 * count) % count
            self.assertTrue(same(label(heard(who, voices(count), 3), None, SETTINGS), who), count)

    def test_the_order_of_the_tracks_does_not_matter(self):
        who = np.arange(90) % 3
        tracks = heard(who, voices(3), np.linspace(0.3, 6, 90), np.arange(90) // 3, like=0.5)
        labels = label(tracks, None, SETTINGS)
        for seed in range(5):
            order = np.random.default_rng(seed).permutation(90)
            self.assertTrue(same(label(tracks.take(order), None, SETTINGS), labels[order]))

    def test_labels_have_no_gaps(self):
        tracks = heard(np.arange(40) % 4, voices(4), 2, like=0.4)
        for expected in (None, *map(Count.exactly, (1, 2, 3, 4, 9))):
            labels = label(tracks, expected, SETTINGS)
            self.assertEqual(sorted(set(labels.tolist())), list(range(labels.max() + 1)))

    def test_the_expected_number_is_kept_if_the_voices_allow_it(self):
        near = voices(4, near=0.55)
        who = np.arange(80) % 4
        for expected in (1, 2, 3, 4):
            labels = label(heard(who, near, 3), Count.exactly(expected), SETTINGS)
            self.assertEqual(len(set(labels.tolist())), expected)
        self.assertTrue(same(label(heard(who, near, 3), Count.exactly(4), SETTINGS), who))

    def test_a_range_only_matters_if_the_number_is_outside_of_it(self):
        near = voices(4, near=0.55)
        tracks = heard(np.arange(80) % 4, near, 3)
        usual = len(set(label(tracks, None, SETTINGS).tolist()))
        for least, most in ((1, 32), (usual, 32), (1, usual), (1, 1), (2, 3), (3, 32), (4, 9)):
            found = len(set(label(tracks, Count(least, most), SETTINGS).tolist()))
            self.assertEqual(found, min(max(usual, least), most), (least, most))

    def test_more_speakers_than_can_be_heard_are_not_invented(self):
        who = np.arange(60) % 2
        tracks = heard(who, voices(2), 3, like=0.9)
        self.assertTrue(same(label(tracks, Count.exactly(7), SETTINGS), who))
        self.assertEqual(label(heard(np.array([0]), voices(1), 3), Count.exactly(5), SETTINGS).tolist(), [0])

    def test_voices_of_the_same_windows_stay_two_although_they_sound_alike(self):
        alike = voices(2, near=0.67)  # with so much speech, one speaker from 0.62 on
        who = np.arange(40) % 2
        one_by_one = heard(who, alike, 3, like=0.95)
        side_by_side = replace(one_by_one, groups=np.arange(40) // 2)
        self.assertEqual(len(set(label(one_by_one, None, SETTINGS).tolist())), 1)
        self.assertTrue(same(label(side_by_side, None, SETTINGS), who))

    def test_one_voice_that_a_window_took_for_two_stays_one(self):
        groups = [0, 0, *range(1, 39)]
        tracks = heard(np.zeros(40, int), voices(1), 3, groups)
        self.assertEqual(set(label(tracks, None, SETTINGS).tolist()), {0})

    def test_short_utterances_of_one_voice_are_one_speaker_though_their_vectors_are_hardly_alike(self):
        who = np.arange(40) % 2
        tracks = heard(who, voices(2), 0.5, like=0.35)  # what real vectors from half a second have
        self.assertTrue(same(label(tracks, None, SETTINGS), who))

    def test_long_speech_of_two_voices_stays_two_where_short_speech_would_be_one(self):
        near = voices(2, near=0.5)
        who = np.arange(2)
        self.assertEqual(len(set(label(heard(who, near, 60, like=0.98), None, SETTINGS).tolist())), 2)
        self.assertEqual(len(set(label(heard(who, near, 1.0, like=0.98), None, SETTINGS).tolist())), 1)

    def test_tracks_of_no_seconds_are_accepted(self):
        labels = label(heard(np.arange(6) % 2, voices(2), [0, 0, 0, 0, 0, 0], [0, 0, 1, 1, 2, 2]), None, SETTINGS)
        self.assertEqual(labels.size, 6)

    def test_a_cough_makes_no_speaker_and_a_short_interjection_goes_to_the_nearest(self):
        who = np.array([0, 1] * 30 + [2] + [0, 1])
        seconds = np.array([4.0] * 60 + [0.4] + [0.3] * 2)
        labels = label(heard(who, voices(3), seconds, like=0.8), None, SETTINGS)
        self.assertEqual(len(set(labels.tolist())), 2)
        self.assertEqual((labels[-2], labels[-1]), (labels[0], labels[1]))

    def test_two_very_short_utterances_of_two_voices_are_two_speakers(self):
        labels = label(heard(np.array([0, 1]), voices(2), [0.9, 1.1]), None, SETTINGS)
        self.assertEqual(len(set(labels.tolist())), 2)
        labels = label(heard(np.array([0, 0]), voices(1), [0.3, 0.4]), None, SETTINGS)
        self.assertEqual(len(set(labels.tolist())), 1)

    def test_no_tracks_give_no_labels(self):
        self.assertEqual(label(Tracks(np.empty((0, 1)), np.empty(0), np.empty(0, int)), Count.exactly(3), SETTINGS).tolist(), [])

    def test_a_file_of_ten_hours_takes_seconds_and_its_speakers_stay_the_same(self):
        count = 14_400
        who = np.random.default_rng(3).integers(0, 5, count)
        who[count // 2 : count // 2 + 40] = 5  # somebody is there for two minutes only
        tracks = heard(who, voices(6), np.random.default_rng(4).uniform(0.3, 5, count), np.arange(count) // 2)
        begun = time.process_time()
        labels = label(tracks, None, SETTINGS)
        self.assertLess(time.process_time() - begun, 15)
        self.assertEqual(len(set(labels.tolist())), 6)
        agree = sum(np.bincount(labels[who == one]).max() for one in range(6))
        self.assertGreater(agree / count, 0.97)

    def test_the_quadratic_step_is_bounded(self):
        sizes = []

        class Watched(Tracks):
            def take(self, rows):
                sizes.append(len(rows))
                return super().take(rows)

        tracks = heard(np.arange(9_001) % 2, voices(2), 3)
        label(Watched(tracks.vectors, tracks.seconds, tracks.groups), None, SETTINGS)
        self.assertEqual(len(sizes), 1)
        self.assertLessEqual(sizes[0], FOUNDERS)


class JoiningSections(unittest.TestCase):
    """What pyannote.audio told apart within a section stays apart; over sections equal voices are joined."""

    def test_the_speakers_of_one_section_stay_as_they_are(self):
        tracks = heard(np.zeros(4, int), voices(1), [900, 40, 3, 0.5], [0] * 4, like=0.99)
        for expected in (None, Count.exactly(1), Count.exactly(2), Count(1, 2)):
            self.assertEqual(len(set(label(tracks, expected, Library.clustering).tolist())), 4)

    def test_a_voice_of_two_sections_is_one_speaker(self):
        who = np.array([0, 1, 2, 1, 0, 3])
        tracks = heard(who, voices(4), [900, 40, 3, 500, 0.5, 7], [0, 0, 0, 1, 1, 1], like=0.85)
        self.assertTrue(same(label(tracks, None, Library.clustering), who))


if __name__ == "__main__":
    unittest.main()
