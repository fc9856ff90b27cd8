import unittest

from recognition.normalizer import normalize


class NormalizerTests(unittest.TestCase):
    def test_case_and_punctuation_do_not_matter(self):
        self.assertEqual(normalize("Hello, World! — “Yes.”"), ["hello", "world", "yes"])

    def test_an_apostrophe_stays_inside_a_word_and_goes_around_it(self):
        self.assertEqual(normalize("don’t 'quote' dogs'"), ["don't", "quote", "dogs"])

    def test_a_hyphen_parts_words(self):
        self.assertEqual(normalize("cold-hearted"), ["cold", "hearted"])

    def test_digits_are_spelled(self):
        spelled = {
            "0": "zero",
            "13": "thirteen",
            "20": "twenty",
            "47": "forty seven",
            "100": "one hundred",
            "1,250": "one thousand two hundred fifty",
            "2000006": "two million six",
            "3.05": "three point zero five",
            "5%": "five percent",
            "1, 2,3": "one two three",
        }
        for digits, words in spelled.items():
            self.assertEqual(" ".join(normalize(digits)), words)

    def test_titles_are_spelled_out(self):
        self.assertEqual(normalize("Mr. and Mrs. Dashwood, OK?"), ["mister", "and", "missus", "dashwood", "okay"])

    def test_letters_of_any_script_are_kept(self):
        self.assertEqual(normalize("Café ÜBER Привет"), ["café", "über", "привет"])

    def test_nothing_is_no_word(self):
        self.assertEqual(normalize(" … — '  "), [])


if __name__ == "__main__":
    unittest.main()
