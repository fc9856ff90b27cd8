"""What is recognized, with the real model and real speech."""

import concurrent.futures
import json
import types
import unittest

from support import (
    SAMPLE,
    TRANSCRIPTIONS,
    WITH_WORDS,
    Server,
    clip,
    reference,
    samples,
    silence,
    wav,
    word_errors,
    words,
)


def setUpModule():
    global server
    server = Server().ready()


def tearDownModule():
    server.stop()


class Recognition(unittest.TestCase):
    def assert_words(self, wanted, text, rate=0.05):
        errors = word_errors(wanted, words(text))
        self.assertLessEqual(errors / len(wanted), rate, text)

    def assert_times_in_order(self, answer):
        now = 0
        for word in answer["words"]:
            self.assertLessEqual(now, word["start"])
            self.assertLessEqual(word["start"], word["end"])
            self.assertLessEqual(word["end"], answer["duration"])
            self.assertTrue(0 <= word["probability"] <= 1)
            now = word["start"]

    def test_a_reading_of_austen_comes_out_word_for_word(self):
        status, answer = server.post(TRANSCRIPTIONS, SAMPLE.read_bytes(), "a.flac", **WITH_WORDS)
        self.assertEqual(status, 200)
        self.assert_words(reference(), answer["text"])
        self.assert_times_in_order(answer)
        self.assertEqual((answer["language"], answer["task"], answer["model"]), ("en", "transcribe", "whisper_base"))
        self.assertGreater(answer["language_probability"], 0.9)
        self.assertAlmostEqual(answer["duration"], 26.33, 2)
        self.assertEqual("".join(word["word"] for word in answer["words"]).strip(), answer["text"])
        self.assertEqual(answer["words"], [word for part in answer["segments"] for word in part["words"]])
        for part in answer["segments"]:
            for figure in ("avg_logprob", "compression_ratio", "no_speech_prob", "temperature", "start", "end"):
                self.assertIsInstance(part[figure], float, figure)

    def test_words_come_only_if_requested(self):
        _, answer = server.post(TRANSCRIPTIONS, clip("0880"), response_format="verbose_json")
        self.assertNotIn("words", answer)
        self.assertTrue(answer["segments"])
        self.assertNotIn("words", answer["segments"][0])

    def test_two_requests_at_a_time_are_both_right(self):
        with concurrent.futures.ThreadPoolExecutor(2) as threads:
            first, second = threads.map(lambda name: server.post(TRANSCRIPTIONS, clip(name)), ("0870", "0890"))
        self.assert_words(reference("0870"), first[1]["text"])
        self.assert_words(reference("0890"), second[1]["text"], 0.08)

    def test_silence_is_an_empty_transcript(self):
        for filtered in ("true", "false"):
            status, answer = server.post(TRANSCRIPTIONS, wav(silence(5)), vad_filter=filtered, **WITH_WORDS)
            self.assertEqual((status, answer["duration"]), (200, 5.0))
            if filtered == "true":
                self.assertEqual((answer["text"], answer["segments"], answer["words"]), ("", [], []))
                self.assertIsNone(answer["language"])

    def test_times_count_from_the_start_although_silence_is_left_out(self):
        audio = wav(silence(20) + samples("0880") + silence(40) + samples("0930"))
        _, answer = server.post(TRANSCRIPTIONS, audio, **WITH_WORDS)
        self.assert_words(reference("0880", "0930"), answer["text"], 0.1)  # few words: one may be wrong
        self.assert_times_in_order(answer)
        self.assertGreater(answer["words"][0]["start"], 19)
        second = [word for word in answer["words"] if word["start"] > 60]
        self.assert_words(reference("0930"), "".join(word["word"] for word in second))

    def test_repeated_speech_is_recognized_each_time(self):
        # The model alone recognizes the second clip only once, and the first twice instead of three times.
        for number, times in (("0880", 3), ("0930", 5)):
            audio = wav(silence(0.5) + (samples(number) + silence(1)) * times)
            _, answer = server.post(TRANSCRIPTIONS, audio, **WITH_WORDS)
            self.assert_words(reference(number) * times, answer["text"], 0.2)
            self.assert_times_in_order(answer)
            self.assertEqual(answer["words"], [word for part in answer["segments"] for word in part["words"]])
            self.assertEqual("".join(word["word"] for word in answer["words"]).strip(), answer["text"])
            step = len(samples(number)) / 32_000 + 1
            for turn in range(times):
                begun = [word for word in answer["words"] if 0 <= word["start"] - turn * step < step]
                self.assertGreaterEqual(len(begun), len(reference(number)) - 2, turn)

    def test_spans_of_the_caller_replace_speech_detection(self):
        lead = len(samples("0880")) / 32_000
        audio = wav(samples("0880") + silence(3) + samples("0930"))
        spans = json.dumps([[lead + 2.5, lead + 3.5], [lead + 3.2, 1000]])
        _, answer = server.post(TRANSCRIPTIONS, audio, speech=spans, **WITH_WORDS)
        self.assert_words(reference("0930"), answer["text"])
        self.assertGreaterEqual(answer["words"][0]["start"], round(lead + 2.5, 2))
        self.assert_times_in_order(answer)
        _, nothing = server.post(TRANSCRIPTIONS, audio, speech="[]")
        self.assertEqual(nothing["text"], "")

    def test_stereo_audio_is_recognized(self):
        mono = samples("0880")
        stereo = b"".join(mono[i : i + 2] * 2 for i in range(0, len(mono), 2))
        _, answer = server.post(TRANSCRIPTIONS, wav(stereo, channels=2))
        self.assert_words(reference("0880"), answer["text"])

    def test_a_named_language_is_not_detected(self):
        _, answer = server.post(TRANSCRIPTIONS, clip("0880"), language="EN", response_format="verbose_json")
        self.assertEqual((answer["language"], answer["language_probability"]), ("en", 1))

    def test_every_format_has_the_same_words(self):
        _, plain = server.post(TRANSCRIPTIONS, clip("0880"), response_format="json")
        self.assertEqual(list(plain), ["text"])
        _, text = server.post(TRANSCRIPTIONS, clip("0880"), response_format="text")
        self.assertEqual(text, plain["text"] + "\n")
        _, srt = server.post(TRANSCRIPTIONS, clip("0880"), response_format="srt")
        self.assertRegex(srt, r"^1\n00:00:0\d,\d{3} --> 00:00:0\d,\d{3}\n\S")
        _, vtt = server.post(TRANSCRIPTIONS, clip("0880"), response_format="vtt")
        self.assertRegex(vtt, r"^WEBVTT\n\n00:00:0\d\.\d{3} --> 00:00:0\d\.\d{3}\n\S")


class Order(unittest.TestCase):
    def mended(self, *times):
        from verbatim_inference import order

        return order.mended(list(times), 20.0)

    def test_times_in_order_stay_as_they_are(self):
        told = [(0.5, 0.9), (0.9, 0.9), (1.2, 1.5)]
        self.assertEqual(self.mended(*told), told)

    def test_one_absurd_time_is_put_between_its_neighbors_and_moves_no_other(self):
        told = [(index / 2, index / 2 + 0.4) for index in range(7)]
        for bad in ((15, 15.3), (0, 0.1), (-5, 99), (99, 99)):
            mended = self.mended(*told[:3], bad, *told[4:])
            self.assertEqual(mended[:3] + mended[4:], told[:3] + told[4:])
            self.assertTrue(1 <= mended[3][0] <= mended[3][1] <= 2, mended)

    def test_times_stay_within_the_duration(self):
        self.assertEqual(self.mended((-1, 0.5), (19, 25), (30, 31)), [(0, 0.5), (19, 20), (20, 20)])


class Unheard(unittest.TestCase):
    def parts(self, words, length):
        import numpy
        from verbatim_inference import unheard

        audio = numpy.frombuffer(samples("0880") + silence(1) + samples("0930"), dtype="<i2").astype("float32") / 32768
        return unheard.parts(audio[: int(length * 16_000)], words, [(0, int(length * 16_000))])

    def test_only_speech_without_a_word_is_recognized_again(self):
        second = len(samples("0880")) / 32_000 + 1
        said = [(0.2, 1.2), (1.3, 2.4), (2.5, 2.7)]
        parts = self.parts(said, second + 3.2)
        self.assertEqual(len(parts), 1)
        self.assertTrue(second - 0.6 <= parts[0].start <= second + 0.3 < second + 2.5 <= parts[0].end, parts)
        said += [(second, second + 1), (second + 1.1, second + 2.2), (second + 2.3, second + 3)]
        self.assertEqual(self.parts(said, second + 3.2), [])

    def test_a_word_stretched_over_a_sentence_does_not_hide_it(self):
        second = len(samples("0880")) / 32_000 + 1
        self.assertEqual(len(self.parts([(0.2, 1.2), (1.3, 2.4), (2.5, second + 3.2)], second + 3.2)), 1)


class Seams(unittest.TestCase):
    """The times of joined speech, with made-up words before and after a seam at 7.5 s."""

    def told(self, *words):
        from verbatim_inference import recognition

        made = [types.SimpleNamespace(start=start, end=end) for start, end in words]
        segment = types.SimpleNamespace(words=made, start=words[0][0], end=words[-1][1])
        spans = [(0, 120_000), (1_072_000, 1_200_000)]  # 0 to 7.5 s, 67 to 75 s
        list(recognition._on_the_pieces_clock([segment], spans))
        return [(round(word.start, 3), round(word.end, 3)) for word in made]

    def test_a_word_keeps_its_place_on_either_side_of_a_seam(self):
        self.assertEqual(self.told((1, 1.5), (6, 6.5)), [(1, 1.5), (6, 6.5)])
        self.assertEqual(self.told((8, 8.5), (9, 9.5)), [(67.5, 68), (68.5, 69)])

    def test_first_words_that_the_model_put_before_a_pause_go_with_their_sentence(self):
        self.assertEqual(self.told((6.9, 7.4), (7.4, 8), (8, 9)), [(67, 67), (67, 67.5), (67.5, 68.5)])
        self.assertEqual(self.told((7.2, 7.45), (7.5, 8)), [(67, 67), (67, 67.5)])

    def test_what_was_said_before_the_pause_stays_before_it(self):
        self.assertEqual(self.told((6.5, 7.1), (7.9, 8.5)), [(6.5, 7.1), (67.4, 68)])
        self.assertEqual(self.told((5, 6), (6, 7.4), (7.9, 8.5)), [(5, 6), (6, 7.4), (67.4, 68)])

    def test_without_words_a_segment_may_end_on_a_seam_or_span_it(self):
        from verbatim_inference import recognition

        made = [types.SimpleNamespace(words=None, start=a, end=b) for a, b in ((1, 7.5), (7.5, 9), (7, 8))]
        list(recognition._on_the_pieces_clock(made, [(16_000, 136_000), (1_072_000, 1_200_000)]))
        self.assertEqual([(segment.start, segment.end) for segment in made], [(2, 8.5), (67, 68.5), (8, 67.5)])

    def test_a_segments_times_are_those_of_its_words(self):
        # Otherwise speech of the second recognition is put between the wrong segments.
        from faster_whisper.transcribe import Segment, Word
        from verbatim_inference import recognition

        said = [Word(1.0, 1.5, " One", 0.9), Word(6.0, 6.5, " two.", 0.9)]
        segment = Segment(0, 0, 0.9, 6.6, " One two.", [], -0.1, 1.0, 0.0, said, 0.0)
        spans = [(10 * 16_000, 15 * 16_000), (40 * 16_000, 45 * 16_000)]
        moved = list(recognition._on_the_pieces_clock([segment], spans))
        self.assertEqual([(one.start, one.end) for one in moved], [(11.0, 41.5)])


class Activity(unittest.TestCase):
    def test_speech_is_found_where_it_is(self):
        length = len(samples("0880")) / 32_000
        audio = wav(silence(4) + samples("0880") + silence(4) + samples("0880") + silence(4))
        status, answer = server.post("/v1/audio/speech-activity", audio, min_silence_ms="1000")
        self.assertEqual((status, answer["duration"]), (200, round(12 + 2 * length, 3)))
        starts = [span["start"] for span in answer["speech"]]
        self.assertEqual(len(starts), 2)
        self.assertAlmostEqual(starts[0], 4, delta=0.5)
        self.assertAlmostEqual(starts[1], 8 + length, delta=0.5)
        for span in answer["speech"]:
            self.assertAlmostEqual(span["end"] - span["start"], length, delta=0.6)

    def test_silence_has_no_speech(self):
        _, answer = server.post("/v1/audio/speech-activity", wav(silence(30)))
        self.assertEqual(answer, {"duration": 30.0, "speech": []})


class Languages(unittest.TestCase):
    def test_english_is_detected_after_minutes_of_silence(self):
        _, answer = server.post("/v1/audio/languages", wav(silence(150) + samples("0870")))
        self.assertEqual(answer["language"], "en")
        self.assertGreater(answer["probability"], 0.9)
        self.assertEqual(answer["all"][0], ["en", answer["probability"]])
        self.assertEqual(len(answer["all"]), 5)

    def test_only_allowed_languages_count(self):
        _, free = server.post("/v1/audio/languages", clip("0870"))
        for value in ("de, FR", '["fr", "de", "de"]'):
            status, answer = server.post("/v1/audio/languages", clip("0870"), languages=value)
            self.assertEqual(status, 200)
            self.assertEqual({code for code, _ in answer["all"]}, {"de", "fr"})
            self.assertAlmostEqual(sum(share for _, share in answer["all"]), 1, 3)
            self.assertEqual(answer["all"][0], [answer["language"], answer["probability"]])
        _, answer = server.post("/v1/audio/languages", clip("0870"), languages="fr,en")
        self.assertEqual(answer["language"], "en")
        self.assertGreaterEqual(answer["probability"], free["probability"])
        _, answer = server.post("/v1/audio/languages", clip("0870"), languages="sw")
        self.assertEqual(answer, {"language": "sw", "probability": 1.0, "all": [["sw", 1.0]]})
        _, answer = server.post("/v1/audio/languages", wav(silence(3)), languages="en")
        self.assertEqual(answer, {"language": None, "probability": 0.0, "all": []})

    def test_shares_are_of_the_allowed_languages(self):
        from verbatim_inference import languages

        ranking = [("en", 0.75), ("de", 0.15), ("fr", 0.05), ("sw", 0.0), ("la", 0.0)]
        self.assertEqual(languages.among(ranking, ()), ranking)
        shares = languages.among(ranking, ("fr", "de"))
        self.assertEqual([(code, round(share, 6)) for code, share in shares], [("de", 0.75), ("fr", 0.25)])
        self.assertEqual(languages.among(ranking, ("la", "sw")), [("sw", 0.5), ("la", 0.5)])

    def test_silence_has_no_language(self):
        _, answer = server.post("/v1/audio/languages", wav(silence(3)))
        self.assertEqual(answer, {"language": None, "probability": 0.0, "all": []})


class Discovery(unittest.TestCase):
    def test_health_names_the_model(self):
        status, _, body = server.call("GET", "/health")
        self.assertEqual(status, 200)
        answer = json.loads(body)
        self.assertEqual(
            (answer["status"], answer["model"], answer["models"]), ("ok", "whisper_base", ["whisper_base"])
        )
        self.assertIn((answer["device"], answer["compute_type"]), (("cpu", "int8"), ("cuda", "float16")))
        self.assertGreaterEqual(answer["workers"], 1)

    def test_models_are_listed_as_openai_lists_them(self):
        answer = json.loads(server.call("GET", "/v1/models")[2])
        self.assertEqual(answer["object"], "list")
        self.assertEqual([model["id"] for model in answer["data"]], ["whisper_base"])


if __name__ == "__main__":
    unittest.main()
