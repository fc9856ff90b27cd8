"""Revocations of refresh tokens that nobody was ever given, from 127.0.0.2, as many a second as asked for or as the service takes."""

import multiprocessing
import resource
import secrets
import selectors
import socket
import time
import urllib.parse
from multiprocessing.connection import Connection

SOURCE = "127.0.0.2"
CONNECTIONS = 1500
"""More than wait for a connection to the database at a time."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class MadeUpRevocations:
    label = "made-up revocations"

    def __init__(self, address: str, rate: int) -> None:
        parts = urllib.parse.urlsplit(address)
        context = multiprocessing.get_context("spawn")
        self._reader, writer = context.Pipe(duplex=False)
        self._end = context.Event()
        self._process = context.Process(
            target=_flood, args=(parts.hostname, parts.port, rate, self._end, writer), daemon=True
        )
        self._found: dict[str, float] = {}

    def __enter__(self) -> "MadeUpRevocations":
        self._process.start()
        return self

    def __exit__(self, *_) -> None:
        self._end.set()
        if self._reader.poll(60):
            self._found = self._reader.recv()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()

    def figures(self) -> dict[str, float]:
        """Requests a second, and answers by status."""
        return self._found


class Answer:
    """Counts whole answers in what a connection brings."""

    def __init__(self) -> None:
        self._bytes = b""

    def take(self, data: bytes) -> list[int]:
        """The statuses of the answers that are whole now."""
        self._bytes += data
        statuses = []
        while (end := self._bytes.find(b"\r\n\r\n")) >= 0:
            head = self._bytes[:end].lower()
            at = head.find(b"\r\ncontent-length:")
            length = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._bytes) < end + 4 + length:
                break
            statuses.append(int(head[9:12]))
            self._bytes = self._bytes[end + 4 + length :]
        return statuses


def request(host: str, port: int) -> bytes:
    token = "rt_" + "".join(secrets.choice(_DIGITS) for _ in range(10)) + secrets.token_hex(17)[:33]
    body = f'{{"refresh_token":"{token}"}}'
    return (
        f"POST /auth/revoke HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def _connect(host: str, port: int) -> socket.socket:
    connection = socket.create_connection((host, port), timeout=10, source_address=(SOURCE, 0))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _flood(host: str, port: int, rate: int, end, writer: Connection) -> None:
    """One request under way on each connection; sends the next when the rate allows it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    selector = selectors.DefaultSelector()
    idle = []
    for _ in range(CONNECTIONS):
        idle.append(_connect(host, port))
        selector.register(idle[-1], selectors.EVENT_READ, Answer())
    begun, sent, counts = time.monotonic(), 0, {"cut": 0}
    while not end.is_set():
        while idle and sent < (time.monotonic() - begun) * rate:
            try:
                idle[-1].sendall(request(host, port))
                sent += 1
                idle.pop()
            except OSError:
                _replace(selector, idle.pop(), host, port, idle, counts)
        for key, _ in selector.select(0.001 if idle else 0.05):
            try:
                data = key.fileobj.recv(65536)
            except OSError:
                data = b""
            if not data:
                if key.fileobj in idle:
                    idle.remove(key.fileobj)
                _replace(selector, key.fileobj, host, port, idle, counts)
                continue
            for status in key.data.take(data):
                counts[str(status)] = counts.get(str(status), 0) + 1
                idle.append(key.fileobj)
    answered = sum(counts.values()) - counts["cut"]
    writer.send({"a second": answered / (time.monotonic() - begun), **counts})


def _replace(selector, connection: socket.socket, host: str, port: int, idle: list, counts: dict) -> None:
    counts["cut"] += 1
    selector.unregister(connection)
    connection.close()
    try:
        fresh = _connect(host, port)
    except OSError:
        return
    selector.register(fresh, selectors.EVENT_READ, Answer())
    idle.append(fresh)
