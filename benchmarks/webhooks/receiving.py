"""The receiver as the benchmark holds it: started, asked how much came, ended, and read."""

import json
import pathlib
import subprocess
import sys
from dataclasses import dataclass

from bench.client import Client
from bench.service import ServiceError, plain_environment


@dataclass(frozen=True)
class Arrival:
    at: float
    """Seconds since the epoch."""
    path: str
    headers: dict[str, str]
    body: str

    @property
    def id(self) -> str:
        return self.headers.get("webhook-id", "")


class Receiver:
    """`with Receiver(…) as receiver:`; its figures are there after `end`."""

    arrivals: list[Arrival]
    most_held: int
    """Connections that the black hole held at once."""

    def __init__(self, folder: pathlib.Path, delay: float = 0) -> None:
        self._file = folder / "arrivals.jsonl"
        command = [sys.executable, "-m", "webhooks.receiver", "--file", str(self._file), "--delay", str(delay)]
        environment = plain_environment(
            PYTHONPATH=str(pathlib.Path(__file__).resolve().parents[1]), PYTHONDONTWRITEBYTECODE="1"
        )
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> "Receiver":
        told = self._process.stdout.readline()
        if not told:
            raise ServiceError("the receiver did not start")
        ports = json.loads(told)
        self.url = f"http://127.0.0.1:{ports['port']}"
        self.hole = f"http://127.0.0.1:{ports['hole']}"
        self._client = Client(self.url, timeout=30)
        return self

    def __exit__(self, *_) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            pipe.close()
        self._file.unlink(missing_ok=True)

    @property
    def pid(self) -> int:
        return self._process.pid

    def count(self, what: str) -> int:
        """Of what came to paths that begin so."""
        return self._client.get("/count").get(what, 0)

    def end(self) -> None:
        self._process.stdin.close()
        if self._process.wait(60) != 0:
            raise ServiceError("the receiver did not write what it got")
        with open(self._file, encoding="utf-8") as file:
            *lines, last = [json.loads(line) for line in file]
        self.arrivals = [Arrival(*line) for line in lines]
        self.most_held = last
