"""A request and its answer, as they travel between the ingress and a replica, and how a replica answers one: by the ordinary
application, as if the client were connected to it."""

import asyncio
from dataclasses import dataclass

import numpy as np
from starlette.types import ASGIApp, Message

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    headers: list[tuple[bytes, bytes]]
    body: np.ndarray
    """Bytes. Ray passes an array to a process on the same machine without copying it."""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    facts: dict
    """What the replica says of its models, so that the ingress knows after each reply what is loaded."""


async def answer(app: ASGIApp, call: Call) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Returns status, headers and body. If the task is cancelled, the application sees a client that has closed its connection, and the
    task ends once the application's work has stopped. So the replica counts as busy until then."""
    gone = asyncio.Event()
    unread = iter(range(0, max(1, call.body.size), _BLOCK))
    status, headers, body = 0, [], bytearray()

    async def receive() -> Message:
        start = next(unread, None)
        if start is None:
            await gone.wait()
            return {"type": "http.disconnect"}
        end = start + _BLOCK
        return {"type": "http.request", "body": call.body[start:end].tobytes(), "more_body": end < call.body.size}

    async def send(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))

    work = asyncio.ensure_future(app(_scope(call), receive, send))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        gone.set()
        await asyncio.wait({work})
        raise
    except Exception:
        if not status:  # Starlette answers 500, and then raises the error for the server's log
            raise
    return status, headers, bytes(body)


def _scope(call: Call) -> dict:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": call.method,
        "scheme": "http",
        "path": call.path,
        "raw_path": call.path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": call.headers,
        "client": None,
        "server": None,
    }
