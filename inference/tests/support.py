"""A real server in a child process, a client for it, and audio to send."""

import http.client
import io
import json
import pathlib
import re
import socket
import subprocess
import wave

ROOT = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = ROOT.parent
CLIPS = REPOSITORY / "Tests" / "Fixtures" / "librivox"
SAMPLE = REPOSITORY / "samples" / "sense-and-sensibility.flac"
TRANSCRIPTIONS = "/v1/audio/transcriptions"
WITH_WORDS = {"response_format": "verbose_json", "timestamp_granularities[]": "word"}


class Server:
    """A server that listens on a free port of the loopback, unless `arguments` say otherwise."""

    def __init__(self, *arguments: str, **popen) -> None:
        where = [] if "--uds" in arguments else ["--port", "0"]
        self.process = subprocess.Popen(
            [ROOT / "serve", *where, *arguments], stderr=subprocess.PIPE, text=True, **popen
        )
        self.log: list[str] = []
        self.address = self.wait_for("listening")["address"]

    def wait_for(self, event: str) -> dict:
        """Reads the log up to the event. Fails if the server ends before."""
        for line in self.process.stderr:
            self.log.append(line)
            if line.startswith("{") and json.loads(line)["event"] == event:
                return json.loads(line)
        raise AssertionError(f"the server ended: {''.join(self.log)}")

    def ready(self) -> "Server":
        self.wait_for("model_loaded")
        return self

    def connect(self) -> http.client.HTTPConnection:
        if not self.address.startswith("/"):
            host, port = self.address.rsplit(":", 1)
            return http.client.HTTPConnection(host, int(port), timeout=120)
        connection = http.client.HTTPConnection("localhost", timeout=120)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.address)
        return connection

    def call(self, method: str, path: str, body=None, headers=None) -> tuple[int, dict, bytes]:
        connection = self.connect()
        try:
            connection.request(
                method, path, body, headers or {}, encode_chunked=not isinstance(body, (bytes, str, type(None)))
            )
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def post(self, path: str, audio: bytes, name: str = "a.wav", **fields) -> tuple[int, dict | str]:
        body, headers = form(audio, name, **fields)
        status, answered, data = self.call("POST", path, body, headers)
        is_json = answered["content-type"].startswith("application/json")
        return status, json.loads(data) if is_json else data.decode()

    def health(self) -> dict:
        return json.loads(self.call("GET", "/health")[2])

    def wait_until(self, **expected) -> None:
        while not expected.items() <= self.health().items():
            pass

    def finish(self) -> tuple[int, str]:
        """Waits until the process has ended by itself. Returns its exit status and the whole log."""
        self.log += self.process.stderr.readlines()
        self.process.stderr.close()
        if self.process.stdin:
            self.process.stdin.close()
        return self.process.wait(timeout=30), "".join(self.log)

    def stop(self) -> str:
        self.process.terminate()
        return self.finish()[1]


def form(audio: bytes, name: str = "a.wav", **fields) -> tuple[bytes, dict]:
    boundary = "a-boundary-of-this-test"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, values in fields.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    body = b"".join([*parts, head, audio, f"\r\n--{boundary}--\r\n".encode()])
    return body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def clip(number: str) -> bytes:
    return next(CLIPS.glob(f"*-{number}.wav")).read_bytes()


def samples(number: str) -> bytes:
    with wave.open(io.BytesIO(clip(number))) as source:
        return source.readframes(source.getnframes())


def wav(frames: bytes, rate: int = 16_000, channels: int = 1) -> bytes:
    output = io.BytesIO()
    with wave.open(output, "wb") as target:
        target.setnchannels(channels)
        target.setsampwidth(2)
        target.setframerate(rate)
        target.writeframes(frames)
    return output.getvalue()


def silence(seconds: float) -> bytes:
    return bytes(2 * int(16_000 * seconds))


def reference(*numbers: str) -> list[str]:
    """Returns the words that are read in these clips; without arguments, in all clips in order."""
    lines = (CLIPS / "transcription").read_text().splitlines()
    return [
        word for line in lines if not numbers or line[-5:-1] in numbers for word in words(line[3 : line.index("</s>")])
    ]


def words(text: str) -> list[str]:
    plain = re.sub(r"[^\w\s']", "", text.lower().replace("-", " "))
    return ["mister" if word == "mr" else word for word in plain.split()]


def word_errors(wanted: list[str], got: list[str]) -> int:
    row = list(range(len(got) + 1))
    for i, word in enumerate(wanted, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(got, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (word != other))
    return row[-1]
