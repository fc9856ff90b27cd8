"""Which pieces of turns go to another speaker, with synthetic vectors: the first axis is one voice, the second another."""

import unittest

import numpy as np

from verbatim_inference.diarization.carried import Carried
from verbatim_inference.diarization.resegmentation import Settings, moved
from verbatim_inference.diarization.tracks import Track

ONE, OTHER = np.eye(8, dtype=np.float32)[:2]


def track(group: int, vector: np.ndarray | None, *turns: tuple[float, float]) -> Track:
    return Track(list(turns), vector, sum(end - start for start, end in turns), group)


def speaking(*spans: tuple[float, float, np.ndarray]):
    """What the embedding model says, if these voices speak at these times. It keeps the times it was asked for."""

    def vector_of(start: float, end: float) -> np.ndarray:
        vector_of.asked.append((start, end))
        middle = (start + end) / 2
        return next((voice for first, last, voice in spans if first <= middle < last), np.zeros(8)) * 0.7

    vector_of.asked = []
    return vector_of


def after(tracks: list[Track], labels: list[int | None], vector_of) -> list[Track]:
    return moved(tracks, labels, vector_of, Carried.clustering, Settings())


class Pieces(unittest.TestCase):
    def test_the_end_of_a_turn_that_another_one_speaks_becomes_his(self):
        tracks = [track(0, ONE, (0, 6)), track(1, OTHER, (6.5, 12))]
        found = after(tracks, [0, 1], speaking((0, 4.5, ONE), (4.5, 12, OTHER)))
        self.assertEqual([one.turns for one in found], [[(0, 4.5)], [(4.5, 6), (6.5, 12)]])
        self.assertTrue(np.allclose(found[0].embedding, ONE))
        self.assertEqual((found[0].seconds, found[1].seconds), (4.5, 5.5))

    def test_turns_that_belong_together_stay_as_they_are(self):
        tracks = [track(0, ONE, (0, 6), (7, 7.4)), track(1, OTHER, (6.5, 12))]
        found = after(tracks, [0, 1], speaking((0, 6.2, ONE), (6.2, 12, OTHER)))
        self.assertEqual(found, tracks)

    def test_a_piece_goes_to_the_nearest_track_of_its_speaker(self):
        tracks = [track(0, OTHER, (0, 3)), track(1, ONE, (10, 16)), track(2, OTHER, (20, 23)), track(9, OTHER, (90, 93))]
        found = after(tracks, [1, 0, 1, 1], speaking((0, 3, OTHER), (10, 14.5, ONE), (14.5, 99, OTHER)))
        self.assertEqual(found[2].turns, [(14.5, 16), (20, 23)])

    def test_a_track_that_loses_everything_is_left_out(self):
        tracks = [track(0, ONE, (0, 6)), track(1, ONE, (6, 9)), track(2, OTHER, (9, 12))]
        found = after(tracks, [0, 0, 1], speaking((0, 6, ONE), (6, 12, OTHER)))
        self.assertEqual([one.turns for one in found], [[(0, 6)], [(6, 12)]])

    def test_with_one_speaker_nothing_is_computed(self):
        vector_of = speaking((0, 99, OTHER))
        tracks = [track(0, ONE, (0, 6)), track(1, None, (7, 7.2)), track(2, ONE, (8, 12))]
        self.assertIs(after(tracks, [0, None, 0], vector_of), tracks)
        self.assertEqual(vector_of.asked, [])

    def test_what_is_short_or_has_no_vector_stays(self):
        tracks = [track(0, ONE, (0, 0.5), (1, 6)), track(1, None, (0.6, 0.8)), track(2, OTHER, (6, 12))]
        vector_of = speaking((0, 1, OTHER), (1, 6, ONE), (6, 12, OTHER))
        self.assertEqual(after(tracks, [0, None, 1], vector_of), tracks)
        self.assertTrue(all(end - start >= 0.6 for start, end in vector_of.asked))


if __name__ == "__main__":
    unittest.main()
