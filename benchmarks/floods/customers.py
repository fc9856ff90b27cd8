"""Customers who go about their business while somebody floods the service: every answer is judged, none is asked for twice.

A call each on a connection of its own, from 127.0.0.1, in a few threads."""

import http.client
import json
import threading
import time
import urllib.parse
from dataclasses import dataclass, field

PATIENCE = 30
"""Seconds without a byte, after which an answer counts as none."""


@dataclass
class Answers:
    right: int = 0
    wrong: dict[str, int] = field(default_factory=dict)
    """By what came instead."""
    seconds: list[float] = field(default_factory=list)
    """Of the right ones."""

    @property
    def count(self) -> int:
        return self.right + sum(self.wrong.values())

    @property
    def share(self) -> float:
        return self.right / self.count if self.count else 0.0

    def add(self, expected: int, got: int | str, seconds: float) -> None:
        if got == expected:
            self.right += 1
            self.seconds.append(seconds)
        else:
            self.wrong[str(got)] = self.wrong.get(str(got), 0) + 1


class Customers:
    """`threads` customers of one account, between `start` and `stop`."""

    def __init__(self, address: str, key: str, threads: int = 4) -> None:
        parts = urllib.parse.urlsplit(address)
        self._host, self._port, self._key = parts.hostname, parts.port, key
        self._lock, self._end = threading.Lock(), threading.Event()
        self.answers: dict[str, Answers] = {}
        _, session = self._call("POST", "/auth/token", {"api_key": key})
        self._session = session
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> Answers:
        """All answers together."""
        self._end.set()
        for thread in self._threads:
            thread.join()
        total = Answers()
        for one in self.answers.values():
            total.right += one.right
            total.seconds += one.seconds
            for what, count in one.wrong.items():
                total.wrong[what] = total.wrong.get(what, 0) + count
        return total

    def _work(self) -> None:
        token, refresh = self._session["access_token"], self._session["refresh_token"]
        turn = 0
        while not self._end.is_set():
            self._judge("GET", "/healthz")
            self._judge("GET", "/jobs", token=token)
            self._judge("GET", "/usage", token=token)
            self._judge("POST", "/auth/refresh", {"refresh_token": refresh})
            # Well below the limit on logins of a key.
            if turn % 6 == 0:
                self._judge("POST", "/auth/token", {"api_key": self._key})
            turn += 1
            self._end.wait(1)

    def _judge(self, method: str, path: str, body: dict | None = None, token: str = "") -> None:
        begun = time.monotonic()
        try:
            got, _ = self._call(method, path, body, token)
        except OSError as error:
            got = type(error).__name__
        with self._lock:
            self.answers.setdefault(f"{method} {path}", Answers()).add(200, got, time.monotonic() - begun)

    def _call(self, method: str, path: str, body: dict | None = None, token: str = "") -> tuple[int, dict]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            content = answer.read()
            return answer.status, json.loads(content) if content else {}
        except (http.client.HTTPException, ValueError) as error:
            raise OSError(f"no HTTP answer ({type(error).__name__})") from error
        finally:
            connection.close()
