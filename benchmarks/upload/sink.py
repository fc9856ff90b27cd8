"""A server that does the least an upload needs: it reads bodies from HTTP/1.1, and writes them, as they are, to files that it
flushes.

Run as a program: `sink.py FOLDER` prints its port, and serves until it is ended. Each connection brings one request. A file's
name is the number of its request. The answer is 202 with the seconds from the request's head until its body was written, and
until it was on the disk."""

import itertools
import json
import os
import pathlib
import re
import socketserver
import sys
import threading
import time

_BLOCK = 1 << 20


class _Handler(socketserver.BaseRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        self.request.settimeout(60)
        begun = time.perf_counter()
        head = b""
        while b"\r\n\r\n" not in head:
            more = self.request.recv(65_536)
            if not more or len(head) > 65_536:
                return
            head += more
        head, _, first = head.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?im)^content-length: *(\d+)", head)[1])
        if re.search(rb"(?im)^expect: *100-continue", head):
            self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        descriptor = os.open(self.server.next_path(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            self._write(descriptor, first, length)
            written = time.perf_counter() - begun
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        body = json.dumps({"written": written, "flushed": time.perf_counter() - begun}).encode()
        self.request.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    def _write(self, descriptor: int, first: bytes, length: int) -> None:
        """Blocks of a mebibyte are filled before they are written, as Verbatim does it."""
        block = memoryview(bytearray(_BLOCK))
        block[: len(first)] = first
        filled, left = len(first), length - len(first)
        while left or filled:
            while left and filled < _BLOCK:
                count = self.request.recv_into(block[filled : filled + left])
                if not count:
                    raise ConnectionError("the body is not complete")
                filled, left = filled + count, left - count
            view = block[:filled]
            while view:
                view = view[os.write(descriptor, view) :]
            filled = 0


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads, request_queue_size, allow_reuse_address = True, 1024, True

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder, self._numbers, self._lock = folder, itertools.count(), threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def next_path(self) -> pathlib.Path:
        with self._lock:
            return self._folder / str(next(self._numbers))


if __name__ == "__main__":
    with _Server(pathlib.Path(sys.argv[1])) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
