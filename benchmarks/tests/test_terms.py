import unittest

from recognition.normalizer import normalize
from terms import scores
from terms.sentences import SAID, SENTENCES, UNSAID


class ScoreTests(unittest.TestCase):
    sentences = [("Barton Park", "We dined at Barton Park."), ("", "It rained all day."), ("Grafana", "Look at Grafana now.")]

    def score(self, heard: str, offered=("Barton Park", "Grafana", "Reyne")):
        return scores.score(self.sentences, heard, list(offered))

    def test_all_right(self):
        score = self.score("We dined at Barton Park. It rained all day. Look at Grafana now.")
        self.assertEqual(score, scores.Score(2, (), 10, 0))

    def test_a_wrong_term_is_no_error_of_other_words(self):
        score = self.score("We dined at Barton Bark. It rained all day. Look at gray fan, now.")
        self.assertEqual((score.found, score.other_errors), (0, 0))

    def test_each_wrong_other_word_counts(self):
        score = self.score("We dine at Barton Park. It it rained day. Look at Grafana now.")
        self.assertEqual((score.found, score.other_errors), (2, 3))
        self.assertAlmostEqual(score.rate, 0.3)

    def test_a_term_that_nobody_said_is_invented_and_so_is_one_said_too_often(self):
        score = self.score("We dined at Barton Park. It Reyne all day. Grafana at Grafana now.")
        self.assertEqual(score.invented, ("Grafana", "Reyne"))

    def test_changes_are_counted_in_words(self):
        self.assertEqual(scores.changed("We dined, at noon.", "we dined at one"), 1)


class SentenceTests(unittest.TestCase):
    def test_each_term_is_said_once_and_the_others_never(self):
        said = normalize(" . ".join(sentence for _, sentence in SENTENCES))
        for term in SAID:
            self.assertEqual(scores.count(term, said), 1, term)
        for term in UNSAID:
            self.assertEqual(scores.count(term, said), 0, term)

    def test_there_are_as_many_terms_as_a_request_may_have(self):
        self.assertEqual((len(SAID), len(UNSAID), len({*SAID, *UNSAID})), (40, 160, 200))


if __name__ == "__main__":
    unittest.main()
