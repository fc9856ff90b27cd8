"""Key terms: where they may have been said, what is believed of a second recognition, and what comes out with the real model."""

import json
import types
import unittest
import unittest.mock

import numpy as np
from support import REPOSITORY, TRANSCRIPTIONS, WITH_WORDS, Server, clip, samples, silence, wav
from verbatim_inference import audio, model, options, recognition, term_hearing, terms
from verbatim_inference.pool import Stop

SENTENCES = REPOSITORY / "Tests" / "Fixtures" / "terms" / "sentences.flac"
SAID = ["Kowalczyk", "Xarelto"]
UNCLEAR = ["Elasticsearch"]
"""Said, too. Whether it is found depends on how the processor rounds."""
UNSAID = ["Kowloon", "Plasticity", "Talisman", "Reportage", "Mundi", "Sluice", "Burchell", "Lionel Ray Ting"]
MANY = [f"{first}{second}" for first in ("Zor", "Quil", "Vex", "Brad") for second in ("ambo", "ington", "uvius", "elstrom", "onka")] * 9


def word(text: str, start: float = 0.0, end: float | None = None, probability: float = 0.5):
    return types.SimpleNamespace(word=text, start=start, end=start + 0.4 if end is None else end, probability=probability)


def said(text: str, probability: float = 0.5) -> list:
    """Words of half a second each."""
    return [word(f" {part}", index / 2, index / 2 + 0.5, probability) for index, part in enumerate(text.split())]


class Places(unittest.TestCase):
    def found(self, text: str, *offered: str) -> set[tuple[str, str]]:
        heard = text.split()
        return {(" ".join(heard[one.first : one.end]), offered[one.term]) for one in terms.places(heard, list(offered))}

    def test_words_that_sound_like_a_term_are_found_however_they_are_divided(self):
        self.assertIn(("gray fan", "Grafana"), self.found("shown in gray fan and sent", "Grafana"))
        self.assertIn(("Cowell check", "Kowalczyk"), self.found("Mrs. Cowell check asked", "Kowalczyk"))
        self.assertIn(("elastic search", "Elasticsearch"), self.found("runs on elastic search", "Elasticsearch"))
        self.assertIn(("bart in bark", "Barton Park"), self.found("dine at bart in bark often", "Barton Park"))
        self.assertIn(("深度雪习", "深度学习"), self.found("深度雪习", "深度学习"))

    def test_what_sounds_different_is_no_place(self):
        self.assertEqual(self.found("The weather was cold all day", "Kubernetes", "Grafana", "Kowalczyk"), set())
        self.assertEqual(self.found("", "Grafana"), set())
        # These have the same sounds, but hardly a letter in common.
        self.assertEqual(self.found("near the fire. The road", "Verbatim"), set())

    def test_a_term_that_was_heard_already_is_no_place(self):
        self.assertEqual(self.found("at Barton Park, often", "Barton Park", "Parton Barg"), set())

    def test_a_text_without_latin_letters_still_has_a_sound(self):
        self.assertEqual(terms.likeness("你好", "你好"), 1)
        self.assertEqual(terms.likeness("Élodie", "elodi"), 1)


class Parts(unittest.TestCase):
    times = [(second, second + 0.9) for second in range(100)]

    def place(self, first: int, end: int, term: int = 0, likeness: float = 0.8) -> terms.Place:
        return terms.Place(first, end, term, likeness)

    def test_a_place_is_recognized_with_the_words_around_it(self):
        (part,) = term_hearing.parts(self.times, [self.place(50, 52)])
        self.assertEqual((part.first, part.end), (46, 56))

    def test_places_near_each_other_share_a_part_and_no_part_is_too_long(self):
        places = [self.place(index, index + 1, index) for index in range(0, 100, 3)]
        made = term_hearing.parts(self.times, places)
        self.assertEqual([place for part in made for place in part.places], places)
        for part in made:
            self.assertLessEqual(self.times[part.end - 1][1] - self.times[part.first][0], 28)
            self.assertTrue(all(part.first <= place.first and place.end <= part.end for place in part.places))
        self.assertLessEqual(len(made), 6)

    def test_a_part_ends_at_a_pause_and_a_place_has_none(self):
        times = [(0, 1), (1, 2), (5, 6), (6, 7)]
        self.assertEqual([(part.first, part.end) for part in term_hearing.parts(times, [self.place(2, 3)])], [(2, 4)])
        self.assertEqual(term_hearing.parts(times, [self.place(1, 3)]), [])

    def test_the_likeliest_parts_are_taken(self):
        made = [term_hearing.Part(index, index + 1, [self.place(index, index + 1, 0, like)]) for index, like in enumerate((0.7, 1, 0.8))]
        self.assertEqual([part.first for part in term_hearing.likeliest(made, 2)], [1, 2])

    def test_a_hint_has_whole_terms_and_no_more_than_fit(self):
        hint = term_hearing.hint(["a" * 150, "b" * 100, "c" * 40], lambda text: len(text))
        self.assertEqual(hint, f"{'a' * 150}, {'c' * 40}")


class Believed(unittest.TestCase):
    def text(self, heard: list, again: list, *offered: str) -> str:
        segment = types.SimpleNamespace(words=heard, text="", tokens=[1])
        term_hearing._replace([segment], term_hearing.replacements(heard, again, list(offered)))
        return "".join(one.word for one in segment.words).strip()

    def test_a_term_takes_the_place_and_the_marks_of_what_was_heard(self):
        heard, again = said("Ask Cowell chick. Now"), said("Ask Kowalczyk Now")
        again[1].start, again[1].end, again[2].start = 0.5, 1.5, 1.5
        self.assertEqual(self.text(heard, again, "Kowalczyk"), "Ask Kowalczyk. Now")
        (one,) = term_hearing.replacements(said("Ask Cowell chick. Now"), again, ["Kowalczyk"])
        self.assertEqual((one.first, one.end, one.words[0].start, one.words[0].end), (1, 3, 0.5, 1.5))

    def test_it_is_written_as_the_caller_writes_it(self):
        self.assertEqual(self.text(said("use graphana's charts"), said("use GRAFANA's charts"), "Grafana"), "use Grafana's charts")

    def test_other_words_stay_as_they_were_first_heard(self):
        heard, again = said("the old graphana chart fell"), said("an old Grafana charter failed")
        self.assertEqual(self.text(heard, again, "Grafana"), "the old Grafana chart fell")

    def test_a_term_of_several_words_may_be_right_in_part(self):
        self.assertEqual(self.text(said("dine at Martin Park daily"), said("dine at Barton Park daily"), "Barton Park"), "dine at Barton Park daily")
        self.assertEqual(self.text(said("at Barton Bark"), said("at barton park"), "Barton Park"), "at Barton Park")
        self.assertEqual(self.text(said("at Barton Park,"), said("at Barton Park"), "Barton Park"), "at Barton Park,")

    def test_a_term_is_not_inserted_where_nothing_was_heard(self):
        self.assertEqual(self.text(said("we like it"), said("we like it Grafana"), "Grafana"), "we like it")

    def test_a_term_does_not_replace_what_sounds_different(self):
        self.assertEqual(self.text(said("we like bread"), said("we like Grafana"), "Grafana"), "we like bread")

    def test_a_term_does_not_replace_what_is_much_more_probable(self):
        for before, after, is_believed in ((0.9, 0.3, False), (0.9, 0.5, True), (0.5, 0.1, True), (0.5, 0.01, False)):
            text = self.text(said("see graphana", before), said("see Grafana", after), "Grafana")
            self.assertEqual(text, "see Grafana" if is_believed else "see graphana", (before, after))

    def test_a_term_at_another_time_is_not_believed(self):
        again = said("see Grafana")
        again[1].start, again[1].end = 3.0, 3.5
        self.assertEqual(self.text(said("see graphana"), again, "Grafana"), "see graphana")

    def test_the_echo_of_a_hint_is_not_believed(self):
        again = [word(" see", 0, 0.5), word(" Thea", 0.5, 1), word(" Thea", 0.6, 1), word(" Thea", 0.7, 1)]
        self.assertEqual(self.text(said("see the"), again, "Thea"), "see the")

    def test_a_term_over_two_segments_belongs_to_the_first(self):
        first, second = said("at bart in"), [word(" bark", 1.5, 2.0), word(" often", 2.0, 2.5)]
        segments = [types.SimpleNamespace(words=first, text="", tokens=[1]), types.SimpleNamespace(words=second, text="", tokens=[1])]
        again = [word(" at", 0, 0.5), word(" Barton", 0.5, 1.2), word(" Park", 1.2, 2.0), word(" often", 2.0, 2.5)]
        term_hearing._replace(segments, term_hearing.replacements(first + second, again, ["Barton Park"]))
        self.assertEqual([segment.text for segment in segments], [" at Barton Park", " often"])
        self.assertEqual([segment.tokens for segment in segments], [[], []])


class WithTheModel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.models = [model.load(options.Options(workers=1, batch_size=size)) for size in (1, 4)]
        with open(SENTENCES, "rb") as file:
            cls.sentences = audio.read(file, 60)

    def hear(self, offered: list[str], sound: np.ndarray | None = None, batched: bool = False, **fields) -> dict:
        request = recognition.Request(language="en", terms=tuple(offered), **{"words": True, **fields})
        return recognition.recognize(self.models[batched], self.sentences if sound is None else sound, request, Stop())

    def test_said_terms_are_found_and_no_other_word_changes(self):
        for batched in (False, True):
            without, with_terms = self.hear([], batched=batched), self.hear([*UNSAID, *UNCLEAR, *SAID], batched=batched)
            missing = [term for term in SAID if term not in without["text"]]
            self.assertGreaterEqual(len(missing), 2, without["text"])
            for term in SAID:
                self.assertEqual(with_terms["text"].count(term), 1, with_terms["text"])
            for start, end in (("asked", "writing"), ("warns", "fall")):
                told = [text[text.index(start) : text.index(end)] for text in (without["text"], with_terms["text"])]
                self.assertEqual(told[0], told[1])
            self.assertEqual("".join(one["word"] for one in with_terms["words"]).strip(), with_terms["text"])
            times = [time for one in with_terms["words"] for time in (one["start"], one["end"])]
            self.assertEqual(times, sorted(times))

    def test_unsaid_terms_change_nothing(self):
        without = self.hear([])
        for offered in (UNSAID, MANY):
            self.assertEqual(self.hear(offered), without)

    def test_words_that_are_certain_or_another_term_stay(self):
        """The model is replaced here by one that always hears the hint."""

        def recognize(_, pieces, *__):
            return [
                types.SimpleNamespace(words=[word(f" {piece.terms}", 0, 0.5)], avg_logprob=0, compression_ratio=1, no_speech_prob=0)
                for piece in pieces
            ]

        def tokens(text, **_):
            return types.SimpleNamespace(ids=text.split())

        deaf = types.SimpleNamespace(whisper=types.SimpleNamespace(hf_tokenizer=types.SimpleNamespace(encode=tokens)))
        for name, double in (("features", lambda *_: np.zeros((80, 100), np.float32)), ("recognize", recognize)):
            replaced = unittest.mock.patch.object(term_hearing.windows, name, double)
            replaced.start()
            self.addCleanup(replaced.stop)
        sound = np.zeros(audio.RATE, np.float32)
        for offered, probability, text in ((["Grafana"], 0.5, " Grafana"), (["Grafana"], 0.95, " graphana"), (["Grafana", "Graphana"], 0.5, " graphana")):
            segment = types.SimpleNamespace(words=[word(" graphana", 0, 0.5, probability)], text=" graphana", tokens=[])
            term_hearing.apply(deaf, sound, [segment], offered, "en", 5, Stop())
            self.assertEqual(segment.text, text)

    def test_without_word_times_the_text_has_the_terms_too(self):
        answer = self.hear(SAID, words=False)
        self.assertNotIn("words", answer["segments"][0])
        for term in SAID:
            self.assertIn(term, answer["text"])

    def test_nothing_is_invented_where_nobody_speaks(self):
        noise = np.random.default_rng(1).normal(0, 0.05, 20 * audio.RATE).astype(np.float32)
        for sound in (np.zeros(20 * audio.RATE, np.float32), noise):
            for fields in ({}, {"vad_filter": False}):
                self.assertEqual(self.hear(SAID + UNSAID, sound, **fields), self.hear([], sound, **fields))


class OverHTTP(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--workers", "1").ready()

    @classmethod
    def tearDownClass(cls):
        log = cls.server.stop()
        assert "Kowalczyk" not in log and "Traceback" not in log, log

    def test_terms_may_be_a_json_list_or_separated_by_commas(self):
        for value in (json.dumps(["Smith, Jones", *SAID]), ", ".join(SAID)):
            status, answer = self.server.post(TRANSCRIPTIONS, SENTENCES.read_bytes(), "a.flac", hotwords=value, language="en", **WITH_WORDS)
            self.assertEqual(status, 200)
            for term in SAID:
                self.assertIn(term, answer["text"])

    def test_wrong_terms_are_named(self):
        cases = ["[", "[1]", '["a",["b"]]', '["a\\u0000b"]', '["\\ud800"]', "[" * 100_000]
        cases += [json.dumps(["x" * 101]), json.dumps(["one two three four five six seven"])]
        cases += [json.dumps([f"term {number}" for number in range(201)])]
        for value in cases:
            status, answer = self.server.post(TRANSCRIPTIONS, clip("0880"), hotwords=value)
            self.assertEqual((status, answer["error"]["code"]), (400, "invalid_hotwords"), value[:40])

    def test_terms_without_letters_count_as_none(self):
        for value in ('["?!", ""]', " , ,"):
            status, _ = self.server.post(TRANSCRIPTIONS, clip("0880"), hotwords=value, language="en")
            self.assertEqual(status, 200, value)

    def test_terms_may_have_the_joiners_that_some_scripts_need(self):
        status, _ = self.server.post(TRANSCRIPTIONS, clip("0880"), hotwords=json.dumps(["می\u200cخواهم", "क्\u200dष"]), language="en")
        self.assertEqual(status, 200)

    def test_the_largest_terms_are_taken(self):
        most = [f"{number:03} " + " ".join(["abcdefghijklmnopqr"] * 5) for number in range(200)]
        self.assertEqual(len(most[0]), 98)
        plain, answer = (self.server.post(TRANSCRIPTIONS, wav(samples("0880") + silence(1)), hotwords=value)[1] for value in ("", json.dumps(most)))
        self.assertEqual(answer, plain)


if __name__ == "__main__":
    unittest.main()
