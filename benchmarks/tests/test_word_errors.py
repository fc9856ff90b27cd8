import pathlib
import unittest

from recognition import word_errors
from recognition.answer import Word, spread_over
from recognition.concatenation import Placement
from recognition.recordings import MEETING, READ, TELEPHONE, Recording


def recording(kind: str, text: str | None) -> Recording:
    return Recording(kind, pathlib.Path("x.wav"), kind, text)


class WordErrorTests(unittest.TestCase):
    def count(self, heard: list[Word]) -> dict[str, tuple[int, int, int, int]]:
        """Read speech from 0 to 10 s, a meeting without words from 11 to 20 s, a call from 21 to 30 s."""
        recordings = [recording(READ, "One two three."), recording(MEETING, None), recording(TELEPHONE, "four five")]
        placements = [Placement(0, 0, 10), Placement(1, 11, 20), Placement(2, 21, 30)]
        found = word_errors.count(heard, placements, recordings)
        return {
            kind: (errors.words, errors.substitutions, errors.deletions, errors.insertions)
            for kind, errors in found.items()
        }

    def test_the_right_words_are_no_error(self):
        heard = spread_over("one, two three", 0, 10) + spread_over("Four Five", 21, 30)
        self.assertEqual(self.count(heard), {READ: (3, 0, 0, 0), TELEPHONE: (2, 0, 0, 0)})

    def test_each_error_counts_for_the_kind_of_speech_it_lies_in(self):
        heard = spread_over("one too", 0, 10) + spread_over("four five six", 21, 29)
        self.assertEqual(self.count(heard), {READ: (3, 1, 1, 0), TELEPHONE: (2, 0, 0, 1)})

    def test_words_heard_where_nobody_wrote_any_down_do_not_count(self):
        heard = spread_over("one two three", 0, 10) + spread_over("so we were saying", 12, 19)
        self.assertEqual(self.count(heard + spread_over("four five", 21, 30))[TELEPHONE], (2, 0, 0, 0))
        self.assertEqual(self.count(heard + spread_over("four five", 21, 30))[READ], (3, 0, 0, 0))

    def test_a_word_missed_elsewhere_is_not_found_where_nobody_wrote_any_down(self):
        heard = spread_over("one two three", 0, 10) + spread_over("four five", 12, 19)
        self.assertEqual(self.count(heard)[TELEPHONE], (2, 0, 2, 0))

    def test_an_insertion_at_the_border_of_such_a_place_is_forgiven_and_one_further_off_is_not(self):
        right = spread_over("one two three", 0, 10) + spread_over("four five", 22, 30)
        near = [Word("um", 20.2, 20.4)]
        far = [Word("um", 20.8, 20.9)]
        self.assertEqual(self.count(right[:3] + near + right[3:])[TELEPHONE], (2, 0, 0, 0))
        self.assertEqual(self.count(right[:3] + far + right[3:])[TELEPHONE], (2, 0, 0, 1))

    def test_a_right_word_whose_time_is_off_by_a_little_counts_as_right(self):
        heard = spread_over("one two three", 0, 10) + [Word("four", 19.6, 20.0), Word("five", 25, 26)]
        self.assertEqual(self.count(heard)[TELEPHONE], (2, 0, 0, 0))

    def test_hearing_nothing_deletes_every_word(self):
        self.assertEqual(self.count([]), {READ: (3, 0, 3, 0), TELEPHONE: (2, 0, 2, 0)})

    def test_the_rate_counts_all_errors_by_the_words_said(self):
        errors = word_errors.WordErrors(words=10, substitutions=1, deletions=2, insertions=3)
        self.assertAlmostEqual(errors.rate, 0.6)


if __name__ == "__main__":
    unittest.main()
