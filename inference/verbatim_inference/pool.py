"""The work pool: processes a limited number of requests at a time, lets a limited number wait, and immediately rejects the
others.

Short work that only examines audio has threads of its own, so that it never waits for a request that takes minutes.

If a client closes its connection while its work waits, the work is removed from the queue. If the work is running, its `Stop`
is set. The work checks that between steps, and ends."""

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
    """Tells work to stop. The event loop sets it; the working thread checks it."""

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
        self.limit = workers * 5  # running, and four times as many waiting
        self.admitted = 0
        self.running = 0
        self.closing = False
        self._lock = threading.Lock()
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="work")
        self._looks = ThreadPoolExecutor(workers, thread_name_prefix="look")

    @contextlib.contextmanager
    def admission(self):
        """Holds a place, from before the body is read until the answer is ready. Raises 503 if all places are taken."""
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
        """Runs `work` on a thread. The body of `request` must have been read. If the client closes its connection, raises
        `ClientGone` once the work has really stopped."""
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
        gone = asyncio.create_task(disconnected(request))
        try:
            await asyncio.wait({future, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not future.done():
                stop.set()
                if job.cancel():  # it had not begun
                    raise ClientGone
            return await future
        finally:
            stop.set()
            gone.cancel()

    def _count_running(self, change: int) -> None:
        with self._lock:
            self.running += change

    def close(self) -> None:
        """Rejects new requests from now on. Admitted ones are still processed."""
        self.closing = True


async def disconnected(request: Request) -> None:
    """Returns when the client has closed its connection. The body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
