import unittest

from bench.service import ServiceError
from decode import figures
from decode.measurement import MONO, OURS, STEREO, THEIRS, Measurement, require_length
from made_up import MACHINE


def measurement(program: str, turn: int, seconds: float, cpu: float, layout: str = MONO) -> Measurement:
    return Measurement(program, "m4a", 60, layout, turn, seconds, cpu, 40_000_000, 0.02)


def summed() -> dict:
    measured = []
    for layout in (MONO, STEREO):
        measured += [measurement(OURS, 1, 10, 9, layout), measurement(THEIRS, 1, 20, 18, layout)]
        measured += [measurement(OURS, 2, 20, 18, layout), measurement(THEIRS, 2, 40, 36, layout)]
    return {
        "machine": MACHINE,
        "date": "2026-01-02",
        "commit": "abc",
        "rounds": 2,
        "lengths": [60],
        "layouts": [("m4a", MONO), ("m4a", STEREO)],
        "figures": figures.summarize(measured),
    }


class DecodeTests(unittest.TestCase):
    def test_another_length_is_found_and_what_encoders_add_is_none(self):
        require_length(16_000 * 60 + 1_105, 1)
        for samples in (16_000 * 58, 16_000 * 62, 0):
            with self.assertRaisesRegex(ServiceError, "of 60 s"):
                require_length(samples, 1)

    def test_ratios_are_made_within_a_round(self):
        ours = summed()["figures"][figures.name("m4a", 60, MONO, OURS)]
        self.assertEqual(ours["ratio"], {"median": 2, "low": 2, "high": 2})
        self.assertEqual(ours["cpu_ratio"]["median"], 0.5)
        self.assertEqual((ours["speed"]["low"], ours["speed"]["high"]), (180, 360))
        with self.assertRaises(KeyError):
            figures.summarize([measurement(OURS, 1, 10, 9)])

    def test_the_page_has_both_programs(self):
        page = figures.tables(summed())[0].markdown()
        row = "| M4A (AAC, 128 kbit/s), to two channels | 270 (180–360) | 135 (90–180) | 2.00 | 13.5 (9.0–18.0) |"
        self.assertIn(row, page)
        self.assertIn("| 0.50 | 40 | 40 | 2.0 % |", page)
        self.assertIn("ffmpeg: M4A (AAC, 128 kbit/s), to two channels", figures.chart(summed()))


if __name__ == "__main__":
    unittest.main()
