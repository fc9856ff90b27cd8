"""The ingress: the routes of the ordinary server, each answered by a replica.

It answers at once when a request can't be served: 503 with `Retry-After` while no replica has loaded its model, when the queue is full, and
when too many bytes wait here; 502 when the replica died during the request. The client retries, and counts only a 502 as an attempt. So
neither a full cluster nor a deployment fails a recording, but one that makes the model crash is given up in the end."""

import asyncio
import contextlib
import functools
from typing import Protocol

import numpy as np
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .. import app
from ..diarization import wire
from ..errors import HANDLERS, APIError, ClientGone, busy, loading
from ..form import check_declared, read_body
from ..middleware import RequestLog
from ..options import Options
from ..pool import disconnected
from .call import Call, Reply


class Busy(Exception):
    """The queue of this part is full."""


class Unavailable(Exception):
    """No replica of this part can take requests."""


class Lost(Exception):
    """The replica ended during the request."""


class Part(Protocol):
    """A part of the work, which its own replicas do."""

    async def send(self, call: Call) -> Reply:
        """If the task is cancelled, so is the work. Raises `Busy`, `Unavailable` or `Lost`."""


class Cluster(Protocol):
    recognition: Part
    detection: Part
    diarization: Part

    async def replicas(self) -> dict[str, int]:
        """Returns how many replicas of each part are running."""


_PARTS = {
    "/v1/audio/transcriptions": "recognition",
    "/v1/audio/speech-activity": "detection",
    "/v1/audio/languages": "detection",
    "/v1/audio/speaker-tracks": "diarization",
    "/v1/speakers": "diarization",
}
_KNOWING = ("recognition", "diarization")
"""The parts that know what `/health` tells."""
_PAUSE = 1.0
_HEADERS = frozenset({b"content-type", b"content-length", b"x-request-id", b"traceparent"})
"""The only headers of a request that a replica needs."""


class Ingress:
    def __init__(self, cluster: Cluster, options: Options) -> None:
        self._cluster = cluster
        self._most_bytes = options.max_body_bytes
        self._room = 2 * options.max_body_bytes
        """How many more bytes of bodies fit."""
        self._running = 0
        self._facts: dict[str, dict] = {}
        routes = [Route("/health", self._health), Route("/v1/models", self._models)]
        routes += [Route(path, functools.partial(self._forward, path), methods=["POST"]) for path in _PARTS]
        self.app = Starlette(routes=routes, exception_handlers=HANDLERS, middleware=[Middleware(RequestLog, sends_id=False)])

    async def learn(self) -> None:
        """Asks replicas once what they have loaded, as soon as they run. Later each reply says it. The question waits in the queue like any
        request, so it may take as long as a recognition while all replicas are busy."""
        await asyncio.gather(*(self._learn(name) for name in _KNOWING))

    async def is_served(self) -> bool:
        """Returns whether all parts have a replica."""
        replicas = await self._cluster.replicas()
        return all(replicas.get(name) for name in _PARTS.values())

    async def _learn(self, name: str) -> None:
        while name not in self._facts:
            if (await self._cluster.replicas()).get(name):
                with contextlib.suppress(APIError):
                    await self._send(name, Call("GET", "/health", [], np.empty(0, np.uint8)))
                    return
            await asyncio.sleep(_PAUSE)

    async def _health(self, _: Request) -> Response:
        replicas = await self._cluster.replicas()
        return app.health_response(await self._known(), sum(replicas.values()), self._running, self._running)

    async def _models(self, _: Request) -> Response:
        facts = await self._known()
        if facts is None:
            raise loading()
        return app.models_response(facts["model"])

    async def _known(self) -> dict | None:
        """Returns what is loaded; None if that is not known, or a part has no replica."""
        if not self._facts.keys() >= {*_KNOWING} or not await self.is_served():
            return None
        return {name: fact for part in _KNOWING for name, fact in self._facts[part].items()}

    async def _forward(self, path: str, request: Request) -> Response:
        name = _PARTS[path]
        if not (await self._cluster.replicas()).get(name):
            raise loading()
        most = wire.MAX_BODY if path == "/v1/speakers" else self._most_bytes
        with self._held(request, most):
            body = np.frombuffer(await read_body(request, most), np.uint8)
            headers = [header for header in request.headers.raw if header[0] in _HEADERS]
            reply = await self._while_connected(request, self._send(name, Call(request.method, path, headers, body)))
        response = Response(reply.body, reply.status)
        response.raw_headers = [header for header in reply.headers if header[0] != b"x-request-id"]  # Ray's proxy adds it
        return response

    @contextlib.contextmanager
    def _held(self, request: Request, most: int):
        """Holds room for the body until the answer is there: it stays in memory so long."""
        check_declared(request, most)
        size = int(request.headers.get("content-length", most))
        if size > self._room:
            raise busy("Too many requests are waiting.")
        self._room -= size
        self._running += 1
        try:
            yield
        finally:
            self._room += size
            self._running -= 1

    async def _while_connected(self, request: Request, work) -> Reply:
        task = asyncio.ensure_future(work)
        gone = asyncio.ensure_future(disconnected(request))
        try:
            await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise ClientGone
            return task.result()
        finally:
            task.cancel()
            gone.cancel()

    async def _send(self, name: str, call: Call) -> Reply:
        part: Part = getattr(self._cluster, name)
        try:
            reply = await part.send(call)
        except Busy:
            raise busy("Too many requests are waiting.") from None
        except Unavailable:
            raise loading() from None
        except Lost:
            raise APIError(502, "replica_lost", "The process that worked on the request has ended.") from None
        self._facts[name] = reply.facts
        return reply
