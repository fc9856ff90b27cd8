"""Connections that ask for the health once and then say nothing, from 127.0.0.2, more than a node holds. One that the node closes is
opened anew, as fast as `rate` allows."""

import multiprocessing
import resource
import selectors
import socket
import time
import urllib.parse
from multiprocessing.connection import Connection

SOURCE = "127.0.0.2"
CONNECTIONS = 4500


class IdleConnections:
    label = f"{CONNECTIONS} idle connections"

    def __init__(self, address: str, rate: int) -> None:
        parts = urllib.parse.urlsplit(address)
        context = multiprocessing.get_context("spawn")
        self._reader, writer = context.Pipe(duplex=False)
        self._end, self._open = context.Event(), context.Event()
        self._process = context.Process(
            target=_flood, args=(parts.hostname, parts.port, rate, self._open, self._end, writer), daemon=True
        )
        self._found: dict[str, float] = {}

    def __enter__(self) -> "IdleConnections":
        """Once all of them have been open."""
        self._process.start()
        if not self._open.wait(120):
            raise ChildProcessError(f"{CONNECTIONS} connections could not be opened within two minutes")
        return self

    def __exit__(self, *_) -> None:
        self._end.set()
        if self._reader.poll(60):
            self._found = self._reader.recv()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()

    def figures(self) -> dict[str, float]:
        """Requests a second, and how many connections were opened and closed by the node."""
        return self._found


def _flood(host: str, port: int, rate: int, is_open, end, writer: Connection) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    selector = selectors.DefaultSelector()
    begun, opened, closed, failed = time.monotonic(), 0, 0, 0
    while not end.is_set():
        while len(selector.get_map()) < CONNECTIONS and opened < (time.monotonic() - begun) * rate:
            opened += 1
            try:
                connection = socket.create_connection((host, port), timeout=10, source_address=(SOURCE, 0))
                connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
                selector.register(connection, selectors.EVENT_READ)
            except OSError:
                failed += 1
            if opened >= CONNECTIONS:
                is_open.set()
            if opened % 64 == 0:
                break
        for key, _ in selector.select(0.01):
            try:
                data = key.fileobj.recv(65536)
            except OSError:
                data = b""
            if not data:
                closed += 1
                selector.unregister(key.fileobj)
                key.fileobj.close()
    seconds = time.monotonic() - begun
    writer.send({"a second": opened / seconds, "opened": opened, "closed": closed, "failed": failed})
