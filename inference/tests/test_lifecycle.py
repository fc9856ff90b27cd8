"""How the server starts, rejects requests, stops work for clients that have gone, and ends."""

import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

from support import ROOT, TRANSCRIPTIONS, Server, clip, form, reference, samples, silence, wav, word_errors, words

from verbatim_inference.model import model_id

MODEL = ROOT / "models" / "whisper-base"


class Lifecycle(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.path = str(self.folder / "inference.sock")

    def start(self, *arguments, **popen) -> Server:
        server = Server(*arguments, **popen)
        self.addCleanup(server.process.wait)
        self.addCleanup(server.process.kill)
        return server

    def send(self, server: Server, audio: bytes):
        """Sends a whole request. The caller reads the answer."""
        connection = server.connect()
        connection.request("POST", TRANSCRIPTIONS, *form(audio))
        self.addCleanup(connection.close)
        return connection

    def refused(self, *arguments: str) -> str:
        ended = subprocess.run([ROOT / "serve", *arguments], capture_output=True, text=True, timeout=60)
        self.assertEqual((ended.returncode, ended.stdout), (1, ""))
        return ended.stderr

    def test_it_answers_while_the_model_loads_and_ends_when_it_cannot_be_loaded(self):
        model = self.folder / "whisper-slow"
        shutil.copytree(MODEL, model, ignore=lambda *_: ["model.bin"])
        os.mkfifo(model / "model.bin")  # loading waits here until something is written
        server = self.start("--model", str(model))
        status, _, body = server.call("GET", "/health")
        self.assertEqual((status, json.loads(body)["status"]), (503, "loading"))
        status, answer = server.post(TRANSCRIPTIONS, clip("0880"))
        self.assertEqual((status, answer["error"]["code"]), (503, "model_loading"))
        with open(model / "model.bin", "wb") as pipe:
            pipe.write(b"no model")
        code, log = server.finish()
        self.assertEqual(code, 1)
        self.assertRegex(log.splitlines()[-1], f"^inference: the model {model} cannot be loaded: ")

    def test_a_wrong_model_path_is_one_clear_line(self):
        missing = self.refused("--port", "0", "--model", "/nowhere/whisper-base")
        self.assertEqual(missing, "inference: the model directory /nowhere/whisper-base does not exist\n")
        empty = self.refused("--port", "0", "--model", str(self.folder))
        self.assertRegex(empty, "^inference: the model directory .* lacks model.bin, config.json, tokenizer.json\n$")

    def test_a_taken_port_is_one_clear_line(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            said = self.refused("--port", str(port))
        self.assertEqual(said, f"inference: cannot listen on 127.0.0.1:{port}: Address already in use\n")

    def test_a_unix_socket_is_the_owners_alone_and_a_dead_one_is_replaced(self):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(self.path)
        server = self.start("--uds", self.path)
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        self.assertIn("another server answers there", self.refused("--uds", self.path))
        server.ready()
        status, answer = server.post(TRANSCRIPTIONS, clip("0880"))
        self.assertEqual((status, word_errors(reference("0880"), words(answer["text"]))), (200, 0))
        server.stop()
        self.assertFalse(os.path.exists(self.path))

    def test_a_file_in_the_sockets_place_is_not_deleted(self):
        pathlib.Path(self.path).write_text("precious")
        self.assertIn("a file of that name exists", self.refused("--uds", self.path))
        self.assertEqual(pathlib.Path(self.path).read_text(), "precious")

    def test_it_ends_when_its_parent_ends_even_during_work(self):
        server = self.start("--uds", self.path, "--exit-with-stdin", stdin=subprocess.PIPE).ready()
        self.send(server, wav(samples("0870") * 8))
        server.wait_until(running=1)
        server.process.stdin.close()
        self.assertEqual(server.process.wait(timeout=5), 0)
        self.assertFalse(os.path.exists(self.path))

    def test_after_sigterm_running_requests_are_answered(self):
        server = self.start("--workers", "1").ready()
        running = self.send(server, clip("0880"))
        server.wait_until(running=1)
        server.process.send_signal(signal.SIGTERM)
        response = running.getresponse()
        self.assertEqual(
            (response.status, word_errors(reference("0880"), words(json.load(response)["text"]))), (200, 0)
        )
        self.assertEqual(server.finish()[0], 0)

    def test_work_for_a_client_that_has_gone_stops(self):
        server = self.start("--workers", "1").ready()
        long = self.send(server, wav((samples("0870") + silence(0.4)) * 60))  # minutes of work
        server.wait_until(running=1)
        waiting = self.send(server, clip("0880"))
        server.wait_until(admitted=2)
        waiting.close()
        server.wait_until(running=1, admitted=1)
        long.close()
        server.wait_until(running=0, admitted=0)
        log = [json.loads(line) for line in server.stop().splitlines()]
        self.assertEqual([line["status"] for line in log if line["event"] == "request"], [499, 499])

    def test_short_work_never_waits_for_a_long_recognition(self):
        server = self.start("--workers", "1").ready()
        long = self.send(server, wav((samples("0870") + silence(0.4)) * 60))  # minutes of work
        server.wait_until(running=1)
        body, headers = form(clip("0880"))
        for path, key in [("/v1/audio/speech-activity", "speech"), ("/v1/audio/languages", "language")]:
            status, _, data = server.call("POST", path, body, headers)
            self.assertEqual(status, 200)
            self.assertTrue(json.loads(data)[key])
            self.assertEqual(server.health()["running"], 1)  # still working on the long one
        long.close()
        server.stop()

    def test_requests_beyond_a_full_queue_are_rejected_and_the_others_served(self):
        server = self.start("--workers", "1", "--name-as", "whisper_large_v3").ready()
        self.assertEqual(server.health()["model"], "whisper_large_v3")
        admitted = [self.send(server, clip("0880")) for _ in range(5)]
        server.wait_until(admitted=5)
        body, headers = form(clip("0880"))
        status, answered, data = server.call("POST", TRANSCRIPTIONS, body, headers)
        self.assertEqual((status, answered["retry-after"], json.loads(data)["error"]["code"]), (503, "1", "overloaded"))
        with concurrent.futures.ThreadPoolExecutor(5) as threads:
            texts = {json.load(response)["text"] for response in threads.map(lambda c: c.getresponse(), admitted)}
        self.assertEqual([word_errors(reference("0880"), words(text)) for text in texts], [0])
        server.stop()


class Names(unittest.TestCase):
    def test_the_models_id_follows_from_what_was_loaded(self):
        cases = {
            "base": "whisper_base",
            "large-v3": "whisper_large_v3",
            "large-v3-turbo": "whisper_large_v3_turbo",
            "tiny.en": "whisper_tiny_en",
            "/models/whisper-base/": "whisper_base",
            "models/faster-whisper-large-v3": "whisper_large_v3",
            "Systran/faster-whisper-large-v3": "whisper_large_v3",
            "distil-large-v3": "whisper_distil_large_v3",
            "/hub/models--Systran--faster-whisper-large-v3/snapshots/edaa852ec7e1": "whisper_large_v3",
        }
        self.assertEqual({name: model_id(name) for name in cases}, cases)


if __name__ == "__main__":
    unittest.main()
