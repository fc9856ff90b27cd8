"""Has the model server say who speaks when, as the pipeline asks it: tracks section by section, then the speakers of all."""

import base64
import http.client
import json
import pathlib
import secrets
from dataclasses import dataclass

import numpy as np

from bench import processes
from bench.service import Service, ServiceError, free_port, plain_environment
from recognition.recordings import Turn

from .sounds import RATE, wav

_SHORTEST = RATE // 10  # samples of a section


@dataclass(frozen=True)
class Track:
    turns: list[tuple[float, float]]
    embedding: np.ndarray | None
    seconds: float
    group: int
    section: int
    wire: dict


class Diarizer:
    """A model server of its own, with one worker."""

    def __init__(self, checkout: pathlib.Path, log: pathlib.Path) -> None:
        self._port = free_port()
        options = ["--port", str(self._port), "--workers", "1", "--diarization-model", "carried"]
        self._service = Service(
            "the model server", [str(checkout / "inference" / "serve"), *options], plain_environment(), log
        )
        self._service.wait(self._is_ready, patience=120)

    def stop(self) -> None:
        self._service.stop()

    @property
    def cpu_seconds(self) -> float:
        return processes.cpu_seconds(self._service.process.pid)

    def tracks(self, samples: np.ndarray) -> list[Track]:
        found: list[Track] = []
        size = self._section * RATE
        for section, start in enumerate(range(0, samples.size, size)):
            part = samples[start : start + size]
            if part.size >= _SHORTEST:
                found += [_track(one, section, start / RATE) for one in self._post(part)["tracks"]]
        return found

    def turns(self, tracks: list[Track], expected: int | None = None) -> list[Turn]:
        body = {"tracks": [track.wire for track in tracks], "speakers_expected": expected}
        labels = self._call("POST", "/v1/speakers", json.dumps(body).encode(), "application/json")["labels"]
        return turns(tracks, labels)

    def _is_ready(self) -> bool:
        health = self._call("GET", "/health")
        self._section = health["diarization"]["section_seconds"]
        return True

    def _post(self, samples: np.ndarray) -> dict:
        boundary = secrets.token_hex(16)
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
        body = head.encode() + wav(samples) + f"\r\n--{boundary}--\r\n".encode()
        return self._call("POST", "/v1/audio/speaker-tracks", body, f"multipart/form-data; boundary={boundary}")

    def _call(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> dict:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=600)
        try:
            connection.request(method, path, body, {"Content-Type": kind} if kind else {})
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        if answer.status == 503:
            raise ConnectionRefusedError(f"the model server is not ready: {data[:200]!r}")
        if answer.status != 200:
            raise ServiceError(f"the model server answered {answer.status}: {data[:200]!r}")
        return json.loads(data)


def turns(tracks: list[Track], labels) -> list[Turn]:
    found = [
        Turn(str(label), start, end)
        for track, label in zip(tracks, labels)
        if label is not None
        for start, end in track.turns
    ]
    return sorted(found, key=lambda turn: (turn.start, turn.end))


def _track(wire: dict, section: int, offset: float) -> Track:
    vector = wire["embedding"]
    return Track(
        [(start + offset, end + offset) for start, end in wire["turns"]],
        None if vector is None else np.frombuffer(base64.b64decode(vector), "<f4"),
        wire["seconds"],
        wire["group"],
        section,
        {**{name: wire[name] for name in ("embedding", "seconds", "group")}, "section": section},
    )
