"""TCP relays on loopback, which can be cut off or made slow: relay NAME=PORT=TARGET…

A target is a port of loopback. Prints a line of JSON (the relays' ports by name) when it is ready. Then each line of standard input is an order:
{"relay": NAME, "mode": "open"}, or "cut" (connections break, new ones are refused), or "slow" with "delay" (seconds for each block) and "rate"
(bytes a second for each connection). Each order is answered with an empty line of JSON. Ends when its standard input does."""

import asyncio
import contextlib
import json
import sys

_BLOCK = 1 << 16


class Relay:
    def __init__(self, port: int, target: int) -> None:
        self.port, self._target = port, target
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._delay, self._rate = 0.0, 0

    async def obey(self, order: dict) -> None:
        self._delay, self._rate = order.get("delay", 0.0), order.get("rate", 0)
        if order["mode"] == "cut":
            await self._cut()
        elif self._server is None:
            await self.listen()

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        for writer in self._open:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with contextlib.suppress(OSError):
                further, back = await asyncio.open_connection("127.0.0.1", self._target)
                self._open.add(back)
                try:
                    await asyncio.gather(self._pump(reader, back), self._pump(further, writer))
                finally:
                    self._open.discard(back)
                    back.transport.abort()
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while block := await reader.read(_BLOCK):
            if self._delay:
                await asyncio.sleep(self._delay)
            writer.write(block)
            await writer.drain()
            if self._rate:
                await asyncio.sleep(len(block) / self._rate)
        if writer.can_write_eof():
            writer.write_eof()


async def main() -> None:
    relays = {}
    for argument in sys.argv[1:]:
        name, port, target = argument.split("=")
        relays[name] = Relay(int(port), int(target))
        await relays[name].listen()
    print(json.dumps({name: relay.port for name, relay in relays.items()}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        await relays[order["relay"]].obey(order)
        print("{}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
