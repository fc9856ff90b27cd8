import pathlib
import unittest

from recognition import speaker_errors
from recognition.answer import Word
from recognition.concatenation import Placement
from recognition.recordings import MEETING, Recording, Turn


def meeting(name: str, *turns: Turn) -> Recording:
    return Recording(name, pathlib.Path("x.flac"), MEETING, turns=turns)


class SpeakerErrorTests(unittest.TestCase):
    def test_words_become_turns_joined_across_short_pauses_of_one_speaker(self):
        words = [
            Word("a", 0.0, 0.5, "speaker_0"),
            Word("b", 0.9, 1.2, "speaker_0"),
            Word("c", 1.3, 1.5, "speaker_1"),
            Word("d", 2.1, 2.2, "speaker_1"),
            Word("e", 2.3, 2.4, None),
        ]
        expected = [Turn("speaker_0", 0.0, 1.2), Turn("speaker_1", 1.3, 1.5), Turn("speaker_1", 2.1, 2.2)]
        self.assertEqual(speaker_errors.turns(words), expected)

    def test_other_names_for_the_same_speakers_are_no_error(self):
        said = meeting("m", Turn("Ann", 0, 4), Turn("Ben", 4, 8))
        errors = speaker_errors.measure_apart({"m": [Turn("1", 0, 4), Turn("0", 4, 8)]}, [said])
        self.assertEqual(errors.rate, 0)

    def test_missed_added_and_confused_time_is_counted_and_overlap_twice(self):
        # Ann 0–6 and Ben 4–8: 10 s of speech. Heard: Ann 0–5, from 5 to 7 the wrong one, then nothing, 9–10 invented.
        said = meeting("m", Turn("Ann", 0, 6), Turn("Ben", 4, 8), Turn("Cleo", 10, 12))
        heard = [Turn("0", 0, 5), Turn("0", 6, 7), Turn("1", 9, 10)]
        errors = speaker_errors.measure_apart({"m": heard}, [said])
        self.assertAlmostEqual(errors.speech, 12)
        self.assertAlmostEqual(errors.missed, 1 + 2 + 1 + 2)  # 4–5 once, 5–6 twice, 7–8, 10–12
        self.assertAlmostEqual(errors.false_alarm, 1)
        self.assertAlmostEqual(errors.confused, 1)
        self.assertAlmostEqual(errors.rate, 8 / 12)

    def test_what_lies_outside_recordings_with_known_speakers_is_not_judged(self):
        known, unknown = meeting("m", Turn("Ann", 0, 5)), Recording("r", pathlib.Path("r.wav"), "read", "text")
        placements = [Placement(0, 10, 16), Placement(1, 17, 30)]
        heard = [Turn("0", 9, 15), Turn("1", 17, 29)]
        errors = speaker_errors.measure(heard, placements, [known, unknown])
        self.assertEqual((errors.speech, errors.missed, errors.false_alarm, errors.confused), (5, 0, 0, 0))

    def test_a_speaker_who_comes_back_must_be_the_same_again(self):
        placements = [Placement(0, 0, 6), Placement(0, 10, 16)]
        said = [meeting("m", Turn("Ann", 0, 5))]
        same = speaker_errors.measure([Turn("0", 0, 5), Turn("0", 10, 15)], placements, said)
        other = speaker_errors.measure([Turn("0", 0, 5), Turn("1", 10, 15)], placements, said)
        self.assertEqual(same.rate, 0)
        self.assertAlmostEqual(other.rate, 0.5)

    def test_without_known_speakers_there_is_nothing_to_measure(self):
        unknown = Recording("r", pathlib.Path("r.wav"), "read", "text")
        self.assertIsNone(speaker_errors.measure([Turn("0", 0, 5)], [Placement(0, 0, 6)], [unknown]))
        self.assertIsNone(speaker_errors.measure_apart({"r": []}, [unknown]))


if __name__ == "__main__":
    unittest.main()
