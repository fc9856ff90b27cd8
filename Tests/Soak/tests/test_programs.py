"""The programs around the nodes do what the run believes of them."""

import array
import base64
import hashlib
import hmac
import json
import os
import random
import socket
import sys
import tempfile
import threading
import unittest
import urllib.request
import wave
from pathlib import Path

from soak import audio, model_server, receiver
from soak.programs import Speaking

_ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


class AudioTests(unittest.TestCase):
    def test_what_is_said_is_heard(self) -> None:
        rng = random.Random(1)
        with tempfile.TemporaryDirectory() as folder:
            for channels in 1, 2:
                said = audio.script(rng, 25, channels)
                file = Path(folder, "said.wav")
                audio.write(said, file)
                samples = _mono(file)
                self.assertEqual(len(samples), said.seconds * audio.RATE)
                self.assertEqual([word.word for word in audio.read(samples)], said.text)
                for one, other in zip(audio.read(samples), said.words):
                    self.assertAlmostEqual(one.start, other.start, delta=0.02)

    def test_two_recordings_say_different_things(self) -> None:
        rng = random.Random(1)
        self.assertNotEqual(audio.script(rng, 8).text, audio.script(rng, 8).text)

    def test_nothing_is_heard_in_silence_and_noise(self) -> None:
        rng = random.Random(1)
        self.assertEqual(audio.read(array.array("h", bytes(32_000))), [])
        self.assertEqual(audio.read(array.array("h", (rng.randint(-200, 200) for _ in range(16_000)))), [])

    def test_a_word_that_is_cut_off_is_the_next_chunk_s(self) -> None:
        said = audio.script(random.Random(2), 12)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "said.wav")
            audio.write(said, file)
            cut = int((said.words[3].start + 0.05) * audio.RATE)
            self.assertEqual([word.word for word in audio.read(_mono(file)[:cut])], said.text[:3])


class SignatureTests(unittest.TestCase):
    SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()

    def headers(self, body: bytes) -> dict[str, str]:
        signed = b"evt_1.1700000000." + body
        return {
            "webhook-id": "evt_1", "webhook-timestamp": "1700000000",
            "webhook-signature": "v1," + base64.b64encode(hmac.digest(bytes(range(32)), signed, "sha256")).decode(),
            "x-transcription-signature": hmac.new(self.SECRET.encode(), body, hashlib.sha256).hexdigest(),
        }

    def test_only_a_signed_body_is_accepted(self) -> None:
        headers = self.headers(b"{}")
        self.assertTrue(receiver.is_signed(self.SECRET, headers, b"{}"))
        self.assertFalse(receiver.is_signed(self.SECRET, headers, b"{} "))
        self.assertFalse(receiver.is_signed("", headers, b"{}"))
        for name in "webhook-signature", "x-transcription-signature", "webhook-id":
            self.assertFalse(receiver.is_signed(self.SECRET, {**headers, name: "v1,x"}, b"{}"), name)


class RelayTests(unittest.TestCase):
    def test_a_relay_can_be_cut_and_opened_again(self) -> None:
        target = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.echo, args=(target,), daemon=True).start()
        with tempfile.TemporaryDirectory() as folder:
            relay = Speaking([sys.executable, "-m", "soak.relay", f"one=0={target.getsockname()[1]}"], _ENVIRONMENT, Path(folder, "log"))
            port = relay.said["one"]
            connection = socket.create_connection(("127.0.0.1", port), timeout=30)
            connection.sendall(b"a")
            self.assertEqual(connection.recv(1), b"a")
            relay.ask({"relay": "one", "mode": "cut"})
            with connection, self.assertRaises(ConnectionError):
                if connection.recv(1) == b"":
                    raise ConnectionError
            with self.assertRaises(ConnectionError):
                socket.create_connection(("127.0.0.1", port), timeout=30)
            relay.ask({"relay": "one", "mode": "slow", "delay": 0.01, "rate": 10_000})
            with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
                connection.sendall(b"b")
                self.assertEqual(connection.recv(1), b"b")
            relay.stop()
        target.close()

    @staticmethod
    def echo(target: socket.socket) -> None:
        while True:
            try:
                connection, _ = target.accept()
            except OSError:
                return
            with connection:
                connection.sendall(connection.recv(1))
                connection.recv(1)


class ModelServerTests(unittest.TestCase):
    def test_it_hears_what_it_gets(self) -> None:
        said = audio.script(random.Random(3), 9)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "said.wav")
            audio.write(said, file)
            server = Speaking([sys.executable, "-m", "soak.model_server", "--pace", "0"], _ENVIRONMENT, Path(folder, "log"))
            body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n' + file.read_bytes() + b"\r\n--x--\r\n"
            request = urllib.request.Request(
                f"http://127.0.0.1:{server.said['port']}/v1/audio/transcriptions", data=body,
                headers={"Content-Type": "multipart/form-data; boundary=x"})
            with urllib.request.urlopen(request, timeout=60) as answer:
                heard = json.load(answer)
            server.stop()
        self.assertEqual(heard["text"].split(), said.text)
        self.assertEqual(heard["duration"], said.seconds)

    def test_faults_come_as_often_as_told_and_with_every_kind(self) -> None:
        faults = model_server.Faults(seed=1, share=0.5)
        found = [faults.next() for _ in range(400)]
        self.assertEqual(set(found), {None, *faults.KINDS})
        self.assertTrue(150 < sum(fault is not None for fault in found) < 250)
        self.assertEqual([model_server.Faults(1, 0.5).next() for _ in range(3)], [found[0]] * 3)


def _mono(file: Path) -> array.array:
    with wave.open(str(file)) as opened:
        channels, samples = opened.getnchannels(), array.array("h", opened.readframes(opened.getnframes()))
    if channels == 1:
        return samples
    return array.array("h", (left + right for left, right in zip(samples[0::2], samples[1::2])))


if __name__ == "__main__":
    unittest.main()
