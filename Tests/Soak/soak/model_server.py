"""A scripted model server, which speaks the protocol of inference/ (its README has it): VERBATIM_INFERENCE_URL leads here.

It hears the words of `audio` in what it gets, takes its time, and fails as often as it is told to: busy (503), broken (500), a connection cut in the
middle, an answer that takes long. Prints a line of JSON (port) when it is ready, and ends when its standard input does."""

import argparse
import array
import base64
import contextlib
import json
import random
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import audio

_VOICE = base64.b64encode(bytes(16)).decode()


class Faults:
    """Which request fails, and how. The choice depends on the seed and on the number of the request alone."""

    KINDS = ("busy", "broken", "cut", "long")

    def __init__(self, seed: int, share: float) -> None:
        self._rng, self._share, self._lock = random.Random(seed), share, threading.Lock()
        self.counts = dict.fromkeys(self.KINDS, 0)

    def next(self) -> str | None:
        with self._lock:
            if self._rng.random() >= self._share:
                return None
            kind = self._rng.choice(self.KINDS)
            self.counts[kind] += 1
            return kind


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "ModelServer"

    def do_GET(self) -> None:
        if self.path == "/health":
            running = self.server.running
            self._answer(200, {
                "status": "ok", "model": "scripted", "models": ["scripted"], "workers": 64, "running": running,
                "admitted": running, "diarization": {"model": "scripted", "section_seconds": 600},
            })
        elif self.path == "/faults":
            self._answer(200, self.server.faults.counts)
        else:
            self._answer(404, {"error": {"message": "no such route", "type": "invalid_request_error", "code": None}})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.counted():
            self._work(body)

    def _work(self, body: bytes) -> None:
        if self.path == "/v1/speakers":
            self._answer(200, {"labels": [0] * len(json.loads(body)["tracks"])})
            return
        samples = array.array("h", _part(body, self.headers["Content-Type"])[44:])
        seconds = len(samples) / audio.RATE
        heard = audio.read(samples)
        if self.path == "/v1/audio/speech-activity":
            spans = [{"start": max(0, word.start - 0.02), "end": min(seconds, word.end + 0.02)} for word in heard]
            self._answer(200, {"duration": seconds, "speech": spans})
        elif self.path == "/v1/audio/languages":
            self._answer(200, {"language": "en", "probability": 0.99, "all": [["en", 0.99]]})
        elif self.path == "/v1/audio/speaker-tracks":
            track = {"turns": [[word.start, word.end] for word in heard], "embedding": _VOICE, "seconds": seconds, "group": 0}
            self._answer(200, {"model": "scripted", "duration": seconds, "tracks": [track] if heard else []})
        elif self.path == "/v1/audio/transcriptions":
            self._transcribe(heard, seconds)
        else:
            self._answer(404, {"error": {"message": "no such route", "type": "invalid_request_error", "code": None}})

    def _transcribe(self, heard: list[audio.Heard], seconds: float) -> None:
        fault = self.server.faults.next()
        if fault == "busy":
            self._answer(503, {"error": {"message": "busy", "type": "server_error", "code": "overloaded"}}, {"Retry-After": "1"})
            return
        time.sleep(seconds * self.server.pace + (self.server.long if fault == "long" else 0))
        if fault == "broken":
            self._answer(500, {"error": {"message": "broken", "type": "server_error", "code": None}})
        elif fault == "cut":
            text = json.dumps(_transcript(heard, seconds)).encode()
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(text))
            self.wfile.write(text[: len(text) // 2])
            self.close_connection = True
        else:
            self._answer(200, _transcript(heard, seconds))

    def _answer(self, status: int, content: dict, headers: dict[str, str] = {}) -> None:
        text = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_) -> None:
        pass


class ModelServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, pace: float, long: float, faults: Faults) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.pace, self.long, self.faults = pace, long, faults
        self.running, self._lock = 0, threading.Lock()

    @contextlib.contextmanager
    def counted(self):
        with self._lock:
            self.running += 1
        try:
            yield
        finally:
            with self._lock:
                self.running -= 1

    def handle_error(self, request, client_address) -> None:
        """A client that went away is none of its business; anything else is a defect of this program."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _part(body: bytes, content_type: str) -> bytes:
    """The part `file` of a form."""
    boundary = b"--" + content_type.partition("boundary=")[2].strip('"').encode()
    for part in body.split(boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        if b'name="file"' in head:
            return content[:-2]
    raise ValueError("the form has no file")


def _transcript(heard: list[audio.Heard], seconds: float) -> dict:
    """In `verbose_json`: a segment for each run of words without a long pause."""
    groups: list[list[audio.Heard]] = []
    for word in heard:
        if groups and word.start - groups[-1][-1].end < 0.7:
            groups[-1].append(word)
        else:
            groups.append([word])
    segments = [
        {
            "id": number, "start": group[0].start, "end": group[-1].end, "text": "".join(f" {word.word}" for word in group),
            "avg_logprob": -0.1, "no_speech_prob": 0.01, "compression_ratio": 1.2, "temperature": 0.0,
            "words": [
                {"word": f" {word.word}", "start": word.start, "end": word.end, "probability": 0.95} for word in group
            ],
        }
        for number, group in enumerate(groups)
    ]
    text = "".join(segment["text"] for segment in segments).strip()
    return {
        "task": "transcribe", "language": "en", "language_probability": 0.99, "duration": seconds, "text": text,
        "segments": segments, "model": "scripted",
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="model_server")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--pace", type=float, default=0.05, help="seconds of work for a second of audio")
    parser.add_argument("--long", type=float, default=6, help="how much longer a long answer takes")
    parser.add_argument("--faults", type=float, default=0, help="share of recognitions that fail or take long")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    faults = Faults(arguments.seed, arguments.faults)
    server = ModelServer(arguments.port, arguments.pace, arguments.long, faults)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_address[1]}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
