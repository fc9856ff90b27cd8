"""Who speaks when, with the bundled models and real speech: a reader, and the same reader altered to another voice."""

import base64
import concurrent.futures
import json
import math
import re
import struct
import unittest

import numpy as np
from support import SAMPLE, Server, clip, samples, silence, wav

TRACKS = "/v1/audio/speaker-tracks"
SPEAKERS = "/v1/speakers"
JSON = {"Content-Type": "application/json"}


def setUpModule():
    global server
    server = Server("--diarization-model", "carried").ready()


def tearDownModule():
    log = server.stop()
    assert "Traceback" not in log and "secret" not in log, log


def other_voice(frames: bytes) -> bytes:
    """Returns the same words in another voice, higher and faster."""
    heard = np.frombuffer(frames, "<i2").astype(np.float32)
    places = np.arange(0, heard.size - 1, 1.4)
    return np.interp(places, np.arange(heard.size), heard).astype("<i2").tobytes()


def seconds(frames: bytes) -> float:
    return len(frames) / 32_000


def ask(tracks: list[dict], expected: int | None = None, **range: int) -> list[int | None]:
    body = json.dumps({"tracks": tracks, "speakers_expected": expected, **range})
    status, _, data = server.call("POST", SPEAKERS, body, JSON)
    assert status == 200, data
    return json.loads(data)["labels"]


def spoken(answer: dict, labels: list) -> list[tuple[float, float, int]]:
    turns = [(*turn, label) for track, label in zip(answer["tracks"], labels) for turn in track["turns"]]
    return sorted(turn for turn in turns if turn[2] is not None)


def who_speaks(turns, start: float, end: float) -> int | None:
    """Returns who speaks the most between `start` and `end`."""
    times: dict[int, float] = {}
    for first, last, label in turns:
        times[label] = times.get(label, 0) + max(0, min(last, end) - max(first, start))
    return max(times, key=times.get) if any(times.values()) else None


class WhoSpeaks(unittest.TestCase):
    def test_two_voices_are_distinguished_and_recognized_again(self):
        parts = [samples("0870"), other_voice(samples("0890")), samples("0920"), other_voice(samples("0880"))]
        parts += [samples("0930"), other_voice(samples("0870"))]
        audio, bounds = b"", []
        for part in parts:
            bounds.append((seconds(audio), seconds(audio + part)))
            audio += part + silence(0.8)
        status, answer = server.post(TRACKS, wav(audio))
        self.assertEqual((status, answer["model"]), (200, "segmentation-3.0+campplus"))
        self.assertAlmostEqual(answer["duration"], seconds(audio), 2)
        turns = spoken(answer, ask(answer["tracks"]))
        found = [who_speaks(turns, *part) for part in bounds]
        self.assertEqual(len({label for _, _, label in turns}), 2, turns)
        self.assertEqual(found, [found[0], found[1]] * 3, turns)
        for start, end, _ in turns:
            self.assertTrue(0 <= start < end <= answer["duration"])
        covered = sum(end - start for start, end, _ in turns)
        self.assertAlmostEqual(covered, sum(seconds(part) for part in parts), delta=0.15 * seconds(audio))

    def test_one_reader_is_one_speaker_alone_and_over_sections(self):
        _, answer = server.post(TRACKS, SAMPLE.read_bytes(), "a.flac")
        self.assertEqual(set(ask(answer["tracks"])), {0})
        sections = [dict(track, section=0) for track in answer["tracks"]]
        other = other_voice(samples("0920")) + silence(0.8)
        _, answer = server.post(TRACKS, wav(other + samples("0890")))
        sections += [dict(track, section=1) for track in answer["tracks"]]
        labels = ask(sections)
        self.assertEqual(set(labels), {0, 1})
        later = spoken(answer, labels[-len(answer["tracks"]) :])
        self.assertNotEqual(who_speaks(later, 0, seconds(other)), labels[0])
        self.assertEqual(who_speaks(later, seconds(other), 20), labels[0])

    def test_the_callers_number_of_speakers_is_kept(self):
        _, answer = server.post(TRACKS, wav(samples("0870") + other_voice(samples("0890"))))
        self.assertEqual(set(ask(answer["tracks"], 1)), {0})
        self.assertEqual(set(ask(answer["tracks"], 2)), {0, 1})
        self.assertEqual(set(ask(answer["tracks"], speakers_max=1)), {0})
        self.assertEqual(set(ask(answer["tracks"], speakers_min=1, speakers_max=5)), {0, 1})
        self.assertEqual(set(ask(answer["tracks"], 1, speakers_min=1, speakers_max=2)), {0})

    def test_without_speech_there_is_no_track(self):
        noise = np.random.default_rng(1).normal(0, 1000, 20 * 16_000).astype("<i2").tobytes()
        hum = (8000 * np.sin(np.arange(12 * 16_000) * 2 * math.pi * 50 / 16_000)).astype("<i2").tobytes()
        for audio in (silence(12), noise, hum, silence(0.01)):
            status, answer = server.post(TRACKS, wav(audio))
            self.assertEqual((status, answer["tracks"]), (200, []))
        self.assertEqual(ask([]), [])

    def test_two_very_short_utterances_have_their_turns(self):
        word = samples("0880")[16_000 : 16_000 + 2 * 12_000]
        audio = silence(1) + word + silence(2) + other_voice(word) + silence(1)
        _, answer = server.post(TRACKS, wav(audio))
        turns = spoken(answer, ask(answer["tracks"]))
        self.assertIsNotNone(who_speaks(turns, 1, 1.75))
        self.assertIsNotNone(who_speaks(turns, 3.75, 4.7))

    def test_windows_without_speech_are_left_out(self):
        audio = wav(samples("0880") + silence(40) + samples("0880"))
        last = seconds(samples("0880")) + 40
        _, answer = server.post(TRACKS, audio, speech=json.dumps([[last, last + 3]]))
        starts = [turn[0] for track in answer["tracks"] for turn in track["turns"]]
        self.assertTrue(starts)
        self.assertGreater(min(starts), last - 1)
        self.assertEqual(server.post(TRACKS, audio, speech="[]")[1]["tracks"], [])

    def test_the_answer_is_small_and_complete(self):
        status, answer = server.post(TRACKS, wav(samples("0870") * 8))
        self.assertLess(len(json.dumps(answer)) / answer["duration"] * 36_000, 32_000_000)
        for track in answer["tracks"]:
            self.assertEqual(set(track), {"turns", "embedding", "seconds", "group"})
            vector = np.frombuffer(base64.b64decode(track["embedding"]), "<f4")
            self.assertEqual(vector.size, 192)
            self.assertAlmostEqual(float(np.linalg.norm(vector)), 1, 5)

    def test_parallel_requests_do_not_affect_each_other(self):
        audio = [wav(samples("0870")), wav(other_voice(samples("0890")))] * 2
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            together = list(threads.map(lambda one: server.post(TRACKS, one)[1], audio))
        self.assertEqual(together[:2], together[2:])
        self.assertEqual(together[0], server.post(TRACKS, audio[0])[1])

    def test_health_names_the_model(self):
        told = server.health()["diarization"]
        self.assertEqual(told, {"model": "segmentation-3.0+campplus", "section_seconds": 600})
        self.assertIn('"reason": "as chosen"', "".join(server.log))

    def test_memory_does_not_grow_with_the_section(self):
        server.post(TRACKS, wav(samples("0870")))
        before = self.peak()
        status, _ = server.post(TRACKS, wav(samples("0870") + silence(290)), speech="[[0,7.1]]")
        self.assertEqual(status, 200)
        grown = self.peak() - before
        self.assertLess(grown, 120, "megabytes")  # 300 s of samples, once as integers and once as floats: 30

    def peak(self) -> float:
        with open(f"/proc/{server.process.pid}/status") as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read())[1]) / 1024


class Refusals(unittest.TestCase):
    def assert_refused(self, code, body, status=400, headers=JSON):
        answered, _, data = server.call("POST", SPEAKERS, body, headers)
        error = json.loads(data)["error"]
        self.assertEqual((answered, error["code"]), (status, code), str(body)[:200])
        self.assertEqual(set(error), {"message", "type", "code"})

    def track(self, **changes) -> dict:
        vector = base64.b64encode(struct.pack("<4f", 1, 2, 3, 4)).decode()
        return {"embedding": vector, "seconds": 2.5, "group": 1, **changes}

    def test_a_body_without_a_list_of_tracks_is_rejected(self):
        deep = "[" * 200_000
        for code, body in (
            ("invalid_json", b""),
            ("invalid_json", b"\xff\xfe{"),
            ("invalid_json", b"{"),
            ("invalid_json", deep),
            ("invalid_json", '{"tracks":' + deep),
            ("invalid_tracks", b"[]"),
            ("invalid_tracks", b"null"),
            ("invalid_tracks", b"{}"),
            ("invalid_tracks", b'{"tracks":{}}'),
            ("invalid_tracks", b'{"tracks":[1]}'),
            ("invalid_tracks", json.dumps({"tracks": [self.track()] * 100_000})),
        ):
            self.assert_refused(code, body)
        self.assert_refused("unsupported_media_type", b"{}", 415, {"Content-Type": "text/plain"})

    def test_wrong_fields_are_named(self):
        nan, infinite = struct.pack("<f", math.nan), struct.pack("<f", math.inf)
        vectors = ["", "AAA", "Zm9v!", "AAAAAA==", 7, ["AAAA"], "A" * 10_000_000, "ä" * 8]
        vectors += [base64.b64encode(one).decode() for one in (nan * 4, infinite, bytes(16), bytes(4100))]
        cases = [("embedding", self.track(embedding=one)) for one in vectors]
        cases += [("seconds", self.track(seconds=one)) for one in ("1", None, -1, True, 1e300, math.nan, math.inf)]
        cases += [("group", self.track(group=one)) for one in (None, -1, 1.5, "1", True, 1 << 40)]
        cases += [("section", self.track(section=one)) for one in (None, -1, "x")]
        for field, track in cases:
            self.assert_refused("invalid_" + field, json.dumps({"tracks": [self.track(), track]}))
        another = self.track(embedding=base64.b64encode(struct.pack("<3f", 1, 2, 3)).decode())
        self.assert_refused("invalid_embedding", json.dumps({"tracks": [self.track(), another]}))
        for field in ("speakers_expected", "speakers_min", "speakers_max"):
            for number in (0, 33, 1.5, "2", True, [2]):
                self.assert_refused("invalid_" + field, json.dumps({"tracks": [self.track()], field: number}))

    def test_numbers_of_speakers_that_contradict_each_other_are_rejected(self):
        for code, numbers in (
            ("speakers_min", {"speakers_min": 3, "speakers_max": 2}),
            ("speakers_expected", {"speakers_min": 3, "speakers_expected": 2}),
            ("speakers_expected", {"speakers_max": 3, "speakers_expected": 4}),
        ):
            self.assert_refused("invalid_" + code, json.dumps({"tracks": [self.track()], **numbers}))
            fields = {name: str(number) for name, number in numbers.items()}
            status, answer = server.post(TRACKS, clip("0880"), **fields)
            self.assertEqual((status, answer["error"]["code"]), (400, "invalid_" + code))

    def test_a_body_that_is_too_large_is_rejected_before_it_is_sent(self):
        connection = server.connect()
        connection.putrequest("POST", SPEAKERS)
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(64_000_001))
        connection.endheaders()
        response = connection.getresponse()
        self.assertEqual((response.status, json.loads(response.read())["error"]["code"]), (413, "file_too_large"))
        connection.close()

    def test_a_track_without_a_vector_has_no_speaker(self):
        nobody = self.track(embedding=None)
        self.assertEqual(ask([nobody, self.track(), nobody]), [None, 0, None])
        self.assertEqual(ask([nobody]), [None])

    def test_more_of_the_same_track_than_the_quadratic_step_takes_is_one_speaker(self):
        self.assertEqual(set(ask([self.track(group=number) for number in range(5_000)])), {0})

    def test_wrong_fields_of_a_form_are_named(self):
        for field, value in (("speakers_expected", "0"), ("speakers_max", "2.5"), ("speech", "[[2,1]]")):
            status, answer = server.post(TRACKS, clip("0880"), "secret.wav", **{field: value})
            self.assertEqual((status, answer["error"]["code"]), (400, "invalid_" + field))
        self.assertEqual(server.post(TRACKS, b"hello")[0], 400)


if __name__ == "__main__":
    unittest.main()
