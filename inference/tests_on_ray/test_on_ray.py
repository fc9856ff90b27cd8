"""The model server on a real Ray, beside the ordinary server: the same answers, full queues, clients and replicas that go, deployments."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

from support import TRANSCRIPTIONS, WITH_WORDS, Server, clip, form, reference, samples, silence, wav, word_errors, words

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
LONG = wav((samples("0870") + silence(0.4)) * 60)  # minutes of work


class Ray(Server):
    """A Ray with the application of `serve-cpu.yaml`, changed as the arguments say."""

    def __init__(self, *changes: str) -> None:
        command = [sys.executable, "-B", HERE / "cluster.py", "serve-cpu.yaml", *changes]
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True
        )
        self.log = []
        listening = self.hear("listening")
        self.address, self.logs = listening["address"], pathlib.Path(listening["logs"])
        self.hear("deployed")
        self.wait_until(status="ok")

    def hear(self, *events: str) -> dict:
        for line in self.process.stdout:
            if json.loads(line)["event"] in events:
                return json.loads(line)
        raise AssertionError(f"Ray ended before {events}")

    def order(self, order) -> None:
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        self.hear("accepted")

    def deploy(self, *changes: str) -> dict:
        """Returns the event that tells how it ended."""
        self.order(changes)
        return self.hear("deployed", "failed")

    def replicas(self, name: str) -> list[int]:
        """Returns the process ids of a deployment's replicas."""
        self.order({"replicas": name})
        return self.hear("replicas")["pids"]

    def working(self, name: str) -> int:
        """Waits until a replica works, and returns its process id."""
        self.order({"working": name})
        return self.hear("working")["pid"]

    def close(self) -> None:
        """Ends Ray. Fails if it no longer answered, or ended in another way, and tells what was wrong."""
        faults = []
        try:
            self.call("GET", "/health")
        except OSError as error:
            faults = [f"no answer at the end: {error}", *self.last_words()]
        self.process.stdin.close()
        if self.process.wait(timeout=60):
            self.errors.seek(0)
            faults += ["Ray's own process failed:", *self.errors.read().splitlines()[-30:]]
        self.process.stdout.close()
        self.errors.close()
        if faults:
            raise AssertionError("\n".join(faults))

    def last_words(self) -> list[str]:
        """The ends of Ray's logs that tell why a process has gone."""
        lines = []
        for pattern in ("serve/proxy*", "serve/controller*", "gcs_server.out", "raylet.out"):
            for path in self.logs.glob(f"session_2*/logs/{pattern}"):
                lines += [f"{path.name}:", *path.read_text(errors="replace").splitlines()[-8:]]
        return lines


class OnRay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ray = Ray("Recognition.num_replicas=2")
        cls.addClassCleanup(cls.ray.close)

    def deploy(self, *changes: str) -> None:
        self.assertEqual(self.ray.deploy(*changes)["event"], "deployed")
        self.ray.wait_until(status="ok")

    def send(self, audio: bytes, **fields):
        """Sends a whole request. The caller reads the answer."""
        connection = self.ray.connect()
        connection.request("POST", TRANSCRIPTIONS, *form(audio, language="en", **fields))
        self.addCleanup(connection.close)
        return connection

    def feed(self, pipe: pathlib.Path, fed: threading.Event) -> None:
        """Gives each replica that loads the model something that is none."""
        while not fed.is_set():
            with contextlib.suppress(BrokenPipeError), open(pipe, "wb", buffering=0) as model:
                model.write(b"no model")

    def assert_right(self, response, number: str):
        self.assertEqual(response.status, 200)
        self.assertEqual(word_errors(reference(number), words(json.load(response)["text"])), 0)

    def test_its_answers_are_those_of_the_ordinary_server(self):
        ordinary = Server("--workers", "1").ready()
        self.addCleanup(ordinary.stop)
        meeting = wav(samples("0870") + silence(1) + samples("0880"))
        questions = [
            (TRANSCRIPTIONS, form(meeting, **WITH_WORDS)),
            (TRANSCRIPTIONS, form(meeting, response_format="vtt", language="en", speech="[[0, 3]]")),
            (TRANSCRIPTIONS, form(meeting, hotwords='["Dash Wood", "Kubernetes"]', **WITH_WORDS)),
            (TRANSCRIPTIONS, form(meeting, hotwords="[1]")),
            (TRANSCRIPTIONS, form(meeting, model="large-v9")),
            (TRANSCRIPTIONS, form(b"no audio")),
            (TRANSCRIPTIONS, form(b"")),
            (TRANSCRIPTIONS, (b"{}", {"Content-Type": "application/json"})),
            ("/v1/audio/speech-activity", form(meeting)),
            ("/v1/audio/speech-activity", form(meeting, threshold="7")),
            ("/v1/audio/languages", form(meeting)),
            ("/v1/audio/languages", form(meeting, languages="de,fr")),
            ("/v1/audio/languages", form(meeting, languages="klingon")),
            ("/v1/audio/speaker-tracks", form(meeting)),
            ("/v1/speakers", (b'{"tracks":7}', {"Content-Type": "application/json"})),
            ("/v1/nowhere", form(meeting)),
        ]
        tracks = json.loads(ordinary.call("POST", "/v1/audio/speaker-tracks", *form(meeting))[2])["tracks"]
        self.assertTrue(tracks)
        body = json.dumps({"tracks": [{**track, "section": 0} for track in tracks]}).encode()
        questions.append(("/v1/speakers", (body, {"Content-Type": "application/json"})))
        for path, question in questions:
            with self.subTest(path):
                (status, headers, data), (other, others, same) = (
                    server.call("POST", path, *question) for server in (ordinary, self.ray)
                )
                self.assertEqual((status, headers["content-type"], data), (other, others["content-type"], same))
        for path in ("/v1/models", TRANSCRIPTIONS):  # the second is 405
            self.assertEqual(ordinary.call("GET", path)[::2], self.ray.call("GET", path)[::2])
        health, other = ordinary.health(), self.ray.health()
        self.assertEqual(health.keys(), other.keys())
        for busy in ("workers", "running", "admitted"):
            del health[busy], other[busy]
        self.assertEqual(health, other)

    def test_a_request_keeps_its_id_and_has_one(self):
        connection = self.ray.connect()
        self.addCleanup(connection.close)
        connection.request("GET", "/v1/models", headers={"X-Request-Id": "asked-by-me"})
        response = connection.getresponse()
        self.assertEqual([value for name, value in response.getheaders() if name.lower() == "x-request-id"], ["asked-by-me"])

    def test_a_body_that_is_too_large_is_rejected_before_it_is_read(self):
        connection = self.ray.connect()
        self.addCleanup(connection.close)
        connection.putrequest("POST", TRANSCRIPTIONS)
        connection.putheader("Content-Type", "multipart/form-data; boundary=x")
        connection.putheader("Content-Length", "600000000")
        connection.endheaders()
        response = connection.getresponse()
        self.assertEqual((response.status, json.load(response)["error"]["code"]), (413, "file_too_large"))

    def test_two_replicas_work_at_a_time_and_one_that_is_killed_costs_one_request(self):
        long = self.send(LONG)
        killed = self.ray.working("Recognition")
        self.assert_right(self.send(clip("0880")).getresponse(), "0880")
        os.kill(killed, signal.SIGKILL)
        response = long.getresponse()
        self.assertEqual((response.status, json.load(response)["error"]["code"]), (502, "replica_lost"))
        # The other replica answers while Ray replaces the killed one.
        self.assert_right(self.send(clip("0880")).getresponse(), "0880")
        while len(self.ray.replicas("Recognition")) < 2 or killed in self.ray.replicas("Recognition"):
            pass

    def test_a_full_queue_is_503_at_once_and_a_client_that_has_gone_makes_room(self):
        self.deploy("Recognition.num_replicas=1", "Recognition.max_queued_requests=1")
        running = self.send(LONG)
        self.ray.working("Recognition")
        waiting = self.send(clip("0880"))
        self.ray.wait_until(admitted=2)
        # The queue is counted a moment after the request has arrived.
        while True:
            status, headers, body = self.ray.call("POST", TRANSCRIPTIONS, *form(clip("0870"), language="en"))
            if (status, headers.get("retry-after"), json.loads(body)["error"]["code"]) == (503, "1", "overloaded"):
                break
            self.fail(f"{status} {headers} {body}")
        # Short work is not in that queue.
        body, headers = form(clip("0880"))
        for path in ("/v1/audio/speech-activity", "/v1/audio/languages", "/v1/audio/speaker-tracks"):
            self.assertEqual(self.ray.call("POST", path, body, headers)[0], 200)
        self.assertEqual(self.ray.health()["status"], "ok")
        running.close()
        self.assert_right(waiting.getresponse(), "0880")

    def test_a_deployment_answers_what_is_running_with_the_old_model_and_then_has_the_new(self):
        self.deploy("Recognition.num_replicas=1")
        # Nothing that repeats itself: the model would try other temperatures, which are random.
        audio = wav(b"".join(samples(number) + silence(0.4) for number in ("0870", "0880", "0890", "0920", "0930")))
        running = self.send(audio, response_format="verbose_json")
        self.ray.working("Recognition")
        self.ray.order(["Recognition.num_replicas=1", "env.VERBATIM_INFERENCE_NAME_AS=whisper_new"])
        old = json.load(running.getresponse())
        self.assertEqual(old["model"], "whisper_base")
        self.assertEqual(self.ray.hear("deployed", "failed")["event"], "deployed")
        self.ray.wait_until(model="whisper_new")
        new = json.load(self.send(audio, response_format="verbose_json").getresponse())
        self.assertEqual(new, {**old, "model": "whisper_new"})

    def test_a_replica_that_cannot_load_its_model_says_so_and_clients_are_told_to_wait(self):
        with tempfile.TemporaryDirectory() as folder:
            model = pathlib.Path(folder) / "whisper-slow"
            shutil.copytree(ROOT / "models" / "whisper-base", model, ignore=lambda *_: ["model.bin"])
            os.mkfifo(model / "model.bin")  # loading waits here until something is written
            self.ray.order("delete")
            self.ray.order([f"env.VERBATIM_WHISPER_MODEL={model}"])
            while True:
                status, headers, body = self.ray.call("GET", "/health")
                if status == 503:
                    break
            self.assertEqual((json.loads(body)["status"], headers["retry-after"]), ("loading", "1"))
            status, headers, body = self.ray.call("POST", TRANSCRIPTIONS, *form(clip("0880")))
            self.assertEqual((status, headers["retry-after"], json.loads(body)["error"]["code"]), (503, "1", "model_loading"))
            fed = threading.Event()
            feeder = threading.Thread(target=self.feed, args=(model / "model.bin", fed))
            feeder.start()
            message = self.ray.hear("failed")["message"]
            fed.set()
            os.close(os.open(model / "model.bin", os.O_RDONLY | os.O_NONBLOCK))  # the feeder may wait for a reader
            feeder.join()
        self.assertIn(f"the model {model} cannot be loaded", message)
        self.deploy("Recognition.num_replicas=2")
        self.assertEqual(self.ray.post(TRANSCRIPTIONS, clip("0880"), language="en")[0], 200)


if __name__ == "__main__":
    unittest.main()
