import unittest

from made_up import measurement
from recognition import ratios


class RatioTests(unittest.TestCase):
    def test_contenders_are_compared_within_the_same_round(self):
        # The machine was twice as slow in the second round, which the ratios hardly show.
        measurements = [
            measurement("raw-halves", 1, 50, 100),
            measurement("verbatim-words", 1, 60, 104),
            measurement("verbatim-words", 2, 120, 216),
            measurement("raw-halves", 2, 100, 200),
        ]
        found = ratios.compute(measurements)
        self.assertEqual(found["CPU, Verbatim words only ÷ bare engine on halves"], "1.060 (1.040–1.080)")
        self.assertEqual(found["time, Verbatim words only (end to end) ÷ bare engine on halves"], "1.200")

    def test_a_contender_that_did_not_run_leaves_its_ratios_out(self):
        found = ratios.compute([measurement("verbatim-words", 1, 60, 104)])
        self.assertEqual(found, {})

    def test_speakers_have_a_cost_only_if_somebody_told_them_apart(self):
        text = "CPU-seconds that speakers cost, a second of audio"
        words = measurement("verbatim-words", 1, 60, 100)
        without = ratios.compute([words, measurement("verbatim-speakers", 1, 60, 160)])
        with_model = ratios.compute([words, measurement("verbatim-speakers", 1, 60, 160, "a model")])
        self.assertNotIn(text, without)
        self.assertEqual(with_model[text], "0.100")

    def test_throughput_is_how_many_times_sooner_we_are_done(self):
        found = ratios.compute([measurement("verbatim-words", 1, 60, 1), measurement("peer", 1, 90, 1)])
        self.assertEqual(found["throughput, Verbatim words only ÷ open-asr-server, both end to end"], "1.50")


if __name__ == "__main__":
    unittest.main()
