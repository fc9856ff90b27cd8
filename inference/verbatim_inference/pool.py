"""The work pool: so many pieces at a time, so many more waiting, all others refused at once.

What only looks at audio, and takes a moment, has threads of its own: it never waits for a piece that takes minutes.

A piece whose client goes away is taken out of the queue, or told to stop by its `Stop`, which it asks between steps."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.requests import Request

from .errors import ClientGone, busy

Result = TypeVar("Result")


class Stop:
    """Told by the event loop, asked by the working thread."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def check(self) -> None:
        if self._event.is_set():
            raise ClientGone


class WorkPool:
    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.limit = workers * 5  # at work, and four times as many waiting
        self.admitted = 0
        self.running = 0
        self.closing = False
        self._lock = threading.Lock()
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="work")
        self._looks = ThreadPoolExecutor(workers, thread_name_prefix="look")

    @contextlib.contextmanager
    def admission(self):
        """Holds a place from before the body is read until the answer is there. Raises 503 when all are taken."""
        if self.closing:
            raise busy("The server is shutting down.")
        if self.admitted >= self.limit:
            raise busy("Too many requests are waiting.")
        self.admitted += 1
        try:
            yield
        finally:
            self.admitted -= 1

    async def run(self, request: Request, work: Callable[[Stop], Result], is_look: bool = False) -> Result:
        """Runs `work` on a thread; `request`'s body must have been read. Raises `ClientGone` once the work of a
        client that has gone has really stopped."""
        stop = Stop()

        def guarded() -> Result:
            stop.check()
            self._count_running(1)
            try:
                return work(stop)
            finally:
                self._count_running(-1)

        job = (self._looks if is_look else self._executor).submit(guarded)
        future = asyncio.wrap_future(job)
        gone = asyncio.create_task(_disconnected(request))
        try:
            await asyncio.wait({future, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not future.done():
                stop.set()
                if job.cancel():  # had not begun
                    raise ClientGone
            return await future
        finally:
            stop.set()
            gone.cancel()

    def _count_running(self, change: int) -> None:
        with self._lock:
            self.running += change

    def close(self) -> None:
        """Refuses what comes from now on; what was admitted is still worked off."""
        self.closing = True


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
