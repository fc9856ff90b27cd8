import unittest

from recognition import concatenation

DURATIONS = [3.0, 30.0, 1.5, 7.25]


class ConcatenationTests(unittest.TestCase):
    def plan(self, minutes: float = 5, seed: int = 1) -> concatenation.Plan:
        return concatenation.plan(DURATIONS, DURATIONS, minutes, seed)

    def test_the_same_seed_gives_the_same_plan_and_another_another(self):
        self.assertEqual(self.plan(), self.plan())
        self.assertNotEqual(self.plan().placements, self.plan(seed=2).placements)

    def test_it_is_as_long_as_asked_and_longer_by_one_recording_at_most(self):
        for minutes in (1, 5, 20):
            duration = self.plan(minutes).duration
            self.assertGreaterEqual(duration, minutes * 60)
            self.assertLess(duration, minutes * 60 + max(DURATIONS) + concatenation.LONGEST_GAP)

    def test_there_is_a_short_silence_before_each_recording_and_at_the_end(self):
        plan = self.plan()
        ends = [0.0] + [placement.end for placement in plan.placements]
        starts = [placement.start for placement in plan.placements] + [plan.duration]
        for end, start in zip(ends, starts):
            self.assertGreaterEqual(start - end, concatenation.SHORTEST_GAP - 1e-9)
            self.assertLessEqual(start - end, concatenation.LONGEST_GAP + 1e-9)

    def test_every_recording_comes_once_before_any_comes_again(self):
        order = [placement.recording for placement in self.plan().placements]
        for begin in range(0, len(order) - 3, 4):
            self.assertEqual(sorted(order[begin : begin + 4]), [0, 1, 2, 3])

    def test_recordings_keep_their_length(self):
        for placement in self.plan().placements:
            self.assertAlmostEqual(placement.end - placement.start, DURATIONS[placement.recording])

    def test_it_is_halved_in_a_silence_by_speech_not_by_length(self):
        # All the speech is in recordings 0 and 2; 1 is long and empty.
        plan = concatenation.plan([2.0, 60.0, 2.0], [2.0, 0.0, 2.0], 10, 4)
        speech = {0: 2.0, 1: 0.0, 2: 2.0}
        before = sum(speech[one.recording] for one in plan.placements if one.end < plan.half)
        after = sum(speech[one.recording] for one in plan.placements if one.start > plan.half)
        self.assertLessEqual(abs(before - after), 2.0)
        self.assertFalse(any(one.start <= plan.half <= one.end for one in plan.placements))


if __name__ == "__main__":
    unittest.main()
