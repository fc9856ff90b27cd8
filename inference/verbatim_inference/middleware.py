"""Writes one log line per request, with the trace that the caller names in `traceparent`, and sets the request's id: the
caller's `X-Request-Id` if it is valid, else a new one."""

import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import logs

_SANE_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
_ROUTES = (
    "/v1/models",
    "/v1/audio/transcriptions",
    "/v1/audio/speech-activity",
    "/v1/audio/languages",
    "/v1/audio/speaker-tracks",
    "/v1/speakers",
)


class RequestLog:
    def __init__(self, app: ASGIApp, sends_id: bool = True) -> None:
        """`sends_id` is false behind a proxy that adds the id to the answer itself."""
        self.app = app
        self.sends_id = sends_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == "/health":  # requested every second, so not worth a line
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _SANE_ID.fullmatch(given) else f"req_{uuid.uuid4().hex}"
        trace = _TRACEPARENT.fullmatch(Headers(scope=scope).get("traceparent", ""))
        traced = {"trace_id": trace[1]} if trace else {}
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if self.sends_id:
                    MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        begun = time.monotonic()
        try:
            await self.app(scope, receive, send_with_id)
        finally:
            route = scope["path"] if scope["path"] in _ROUTES else "other"
            seconds = {"audio_seconds": round(scope["audio_seconds"], 1)} if "audio_seconds" in scope else {}
            milliseconds = round((time.monotonic() - begun) * 1000)
            logs.event("request", request_id=request_id, route=route, status=status, ms=milliseconds, **seconds, **traced)
