"""A program that takes webhooks: what was posted, and when. Started by the benchmark, it serves two ports of loopback.

The first line on standard output tells them: {"port": …, "hole": …}. The first port answers everything with 200, after
`--delay` seconds; GET /count answers how much came, by the first part of the path. The second is the black hole: it
takes connections, and never answers. At the end of standard input all arrivals are written to `--file`, a JSON line
each: [seconds since the epoch, path, headers by lower-case name, body]; in the last line stands how many connections
the hole held at most."""

import argparse
import asyncio
import collections
import json
import sys
import time

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Inbox:
    """What came so far. Heads are kept as they came; reading them is not part of what is measured."""

    def __init__(self) -> None:
        self.arrivals: list[tuple[float, bytes, bytes]] = []
        self.counts: collections.Counter[str] = collections.Counter()

    def take(self, head: bytes, body: bytes) -> None:
        self.arrivals.append((time.time(), head, body))
        self.counts[head.split(b"/", 2)[1].decode()] += 1

    def lines(self):
        for at, head, body in self.arrivals:
            first, *fields = head.decode().split("\r\n")
            pairs = (field.partition(":") for field in fields)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            yield json.dumps([at, first.split(" ")[1], headers, body.decode()])


class Answering(asyncio.Protocol):
    def __init__(self, inbox: Inbox, delay: float) -> None:
        self._inbox, self._delay = inbox, delay
        self._buffer = b""

    def connection_made(self, transport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            begun = end + 4
            length = _length(head)
            if len(self._buffer) < begun + length:
                return
            body, self._buffer = self._buffer[begun : begun + length], self._buffer[begun + length :]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET /count "):
            counts = json.dumps(self._inbox.counts).encode()
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(counts), counts))
            return
        self._inbox.take(head, body)
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._acknowledge, head)
        else:
            self._acknowledge(head)

    def _acknowledge(self, head: bytes) -> None:
        self._transport.write(_ANSWER)
        if b"\r\nconnection: close" in head.lower():
            self._transport.close()


class Hole(asyncio.Protocol):
    """Reads, and says nothing."""

    held: set["Hole"] = set()
    most_held = 0

    def connection_made(self, _) -> None:
        Hole.held.add(self)
        Hole.most_held = max(Hole.most_held, len(Hole.held))

    def connection_lost(self, _) -> None:
        Hole.held.discard(self)


def _length(head: bytes) -> int:
    for field in head.lower().split(b"\r\n")[1:]:
        if field.startswith(b"content-length:"):
            return int(field[15:])
    return 0


async def main() -> None:
    parser = argparse.ArgumentParser(prog="receiver")
    parser.add_argument("--delay", type=float, default=0)
    parser.add_argument("--file", required=True)
    arguments = parser.parse_args()
    inbox, loop = Inbox(), asyncio.get_running_loop()
    answering = await loop.create_server(lambda: Answering(inbox, arguments.delay), "127.0.0.1", 0, backlog=1024)
    hole = await loop.create_server(Hole, "127.0.0.1", 0, backlog=1024)
    ports = [server.sockets[0].getsockname()[1] for server in (answering, hole)]
    print(json.dumps({"port": ports[0], "hole": ports[1]}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    with open(arguments.file, "w", encoding="utf-8") as file:
        for line in inbox.lines():
            file.write(line + "\n")
        file.write(json.dumps(Hole.most_held) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
