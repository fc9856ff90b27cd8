"""What the server must reject: broken files, playlists, endless bodies, wrong fields."""

import io
import json
import pathlib
import random
import struct
import tempfile
import unittest

from support import SAMPLE, TRANSCRIPTIONS, Server, clip, form, samples, silence, wav

from verbatim_inference import audio
from verbatim_inference.errors import APIError

LIMIT = 3_000_000


def setUpModule():
    global server
    server = Server("--max-body-bytes", str(LIMIT), "--max-seconds", "60").ready()


def tearDownModule():
    log = server.stop()
    assert "Traceback" not in log and "secret" not in log and "dashwood" not in log.lower(), log


class Refusals(unittest.TestCase):
    def assert_refused(self, status, code, answered):
        self.assertEqual((answered[0], answered[1]["error"]["code"]), (status, code), answered)
        self.assertEqual(set(answered[1]["error"]), {"message", "type", "code"})

    def test_a_file_that_is_not_audio_is_rejected(self):
        noise = random.Random(1).randbytes(50_000)
        for content in (
            noise,
            b"hello",
            b"RIFF",
            b"RIFF\0\0\0\0WAVE",
            b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff",
            b"fLaC" + noise,
        ):
            self.assert_refused(400, "invalid_audio", server.post(TRANSCRIPTIONS, content, "secret.wav"))
            self.assert_refused(400, "invalid_audio", server.post("/v1/audio/languages", content))
            self.assert_refused(400, "invalid_audio", server.post("/v1/audio/speech-activity", content))

    def test_an_empty_file_is_rejected(self):
        self.assert_refused(400, "empty_audio", server.post(TRANSCRIPTIONS, b""))
        self.assert_refused(400, "empty_audio", server.post(TRANSCRIPTIONS, wav(b"")))

    def test_a_playlist_opens_no_other_file(self):
        with tempfile.TemporaryDirectory() as folder:
            target = pathlib.Path(folder) / "inner.wav"
            target.write_bytes(clip("0880"))
            playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:3,\n{target}\n#EXT-X-ENDLIST\n"
            listing = f"ffconcat version 1.0\nfile {target}\n"
            for content in (playlist, listing):
                self.assert_refused(400, "invalid_audio", server.post(TRANSCRIPTIONS, content.encode(), "a.m3u8"))

    def test_a_declared_size_over_the_cap_is_refused_before_the_body(self):
        connection = server.connect()
        connection.putrequest("POST", TRANSCRIPTIONS)
        connection.putheader("Content-Type", "multipart/form-data; boundary=b")
        connection.putheader("Content-Length", str(LIMIT + 1))
        connection.endheaders()
        response = connection.getresponse()
        self.assert_refused(413, "file_too_large", (response.status, json.loads(response.read())))
        connection.close()

    def test_an_undeclared_size_is_counted(self):
        body, headers = form(bytes(LIMIT))
        blocks = (body[i : i + 100_000] for i in range(0, len(body), 100_000))
        connection = server.connect()
        connection.request(
            "POST", TRANSCRIPTIONS, blocks, {**headers, "Transfer-Encoding": "chunked"}, encode_chunked=True
        )
        response = connection.getresponse()
        self.assert_refused(413, "file_too_large", (response.status, json.loads(response.read())))
        connection.close()

    def test_audio_over_the_length_limit_is_refused_however_it_is_packed(self):
        self.assert_refused(413, "audio_too_long", server.post(TRANSCRIPTIONS, wav(silence(61))))
        self.assert_refused(413, "audio_too_long", server.post(TRANSCRIPTIONS, wav(silence(61), rate=8_000)))

    def test_wrong_fields_are_named(self):
        cases = [
            ("language", "klingon"), ("response_format", "docx"), ("temperature", "nan"), ("temperature", "2"),
            ("beam_size", "0"), ("vad_filter", "maybe"), ("timestamp_granularities[]", "letter"),
            ("speech", "[[2,1]]"), ("speech", "[[3,4],[1,2]]"), ("speech", "[1]"), ("speech", "[[0,1e999]]"),
            ("speech", "["), ("speech", "[" * 100_000), ("speech", '{"a":1}'), ("speech", "[[-1,2]]"),
        ]  # fmt: skip
        for field, value in cases:
            answered = server.post(TRANSCRIPTIONS, clip("0880"), **{field: value})
            self.assert_refused(400, "invalid_" + field.removesuffix("[]"), answered)

    def test_wrong_languages_are_named(self):
        for value in ("klingon", "en,", "en,klingon", "[]", "[1]", '["en"', '{"en":1}', '["en", null]', "[" * 100_000):
            answered = server.post("/v1/audio/languages", clip("0880"), languages=value)
            self.assert_refused(400, "invalid_languages", answered)

    def test_another_model_is_rejected(self):
        self.assert_refused(404, "model_not_found", server.post(TRANSCRIPTIONS, clip("0880"), model="whisper_large_v3"))

    def test_a_body_that_is_not_a_form_is_rejected(self):
        body, headers = form(clip("0880"))
        cases = [
            (415, "unsupported_media_type", b"{}", {"Content-Type": "application/json"}),
            (400, "invalid_form", body, {"Content-Type": "multipart/form-data"}),
            (400, "invalid_form", b"garbage", headers),
            (400, "invalid_file", body.replace(b'name="file"', b'name="fail"'), headers),
            (400, "invalid_file", body.replace(b'; filename="a.wav"', b""), headers),
        ]
        for status, code, content, with_headers in cases:
            answered, _, data = server.call("POST", TRANSCRIPTIONS, content, with_headers)
            self.assert_refused(status, code, (answered, json.loads(data)))

    def test_unknown_routes_and_methods_answer_in_the_same_format(self):
        for method, path, status in (("GET", "/secret", 404), ("GET", TRANSCRIPTIONS, 405)):
            answered, headers, data = server.call(method, path)
            self.assertEqual((answered, "error" in json.loads(data)), (status, True))
            self.assertTrue(headers["x-request-id"].startswith("req_"))

    def test_a_valid_request_id_is_kept_and_another_replaced(self):
        self.assertEqual(
            server.call("GET", "/v1/models", headers={"X-Request-Id": "req_7"})[1]["x-request-id"], "req_7"
        )
        self.assertNotIn("{", server.call("GET", "/v1/models", headers={"X-Request-Id": "{}"})[1]["x-request-id"])

    def test_the_callers_trace_is_logged_and_an_invalid_one_is_not(self):
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        for header, logged in ((f"00-{trace}-00f067aa0ba902b7-01", trace), (f"00-{trace}-01", None)):
            server.call("GET", "/v1/models", headers={"traceparent": header, "X-Request-Id": f"of-{logged}"})
            line = {}
            while line.get("request_id") != f"of-{logged}":
                line = server.wait_for("request")
            self.assertEqual(line.get("trace_id"), logged)


class Decoding(unittest.TestCase):
    def test_the_size_in_a_piped_wav_is_an_upper_limit(self):
        frames = samples("0880")
        for size in (0xFFFFFFFF, 0x7FFFFFFF, len(frames) + 1):
            piped = wav(frames)[:40] + struct.pack("<I", size) + frames
            self.assertEqual(audio.read(io.BytesIO(piped), 60).size, len(frames) // 2)

    def test_chunks_before_the_sound_are_skipped(self):
        plain = wav(samples("0880"))
        listed = plain[:36] + b"LIST" + struct.pack("<I", 3) + b"abc\0" + plain[36:]
        self.assertEqual(audio.read(io.BytesIO(listed), 60).tobytes(), audio.read(io.BytesIO(plain), 60).tobytes())

    def test_damaged_files_end_in_audio_or_a_refusal(self):
        chance = random.Random(2)
        originals = [wav(samples("0880")), wav(samples("0880")[:8000], rate=8_000), SAMPLE.read_bytes()[:60_000]]
        for _ in range(150):
            damaged = bytearray(chance.choice(originals))
            for _ in range(chance.randint(1, 12)):
                damaged[chance.randrange(min(len(damaged), chance.choice([64, 60_000])))] = chance.randrange(256)
            try:
                decoded = audio.read(io.BytesIO(bytes(damaged[: chance.randint(1, len(damaged))])), 60)
                self.assertTrue(0 < decoded.size <= 60 * audio.RATE)
            except APIError as error:
                self.assertIn(error.code, ("invalid_audio", "empty_audio", "audio_too_long"))


if __name__ == "__main__":
    unittest.main()
