"""Watches an API node while it takes uploads: what memory it holds, and which step a single upload is in."""

import os
import pathlib
import threading
import time

from bench import processes

_STEP = 0.005  # seconds between looks at the folders
_MEMORY = 20  # of these looks, one in so many is at the memory, too


class Watch:
    """`with Watch(pid, …) as watch: …`. What is gone after a moment may be missed, except in `peak_bytes`, which the kernel
    counts."""

    written: float | None = None
    """Seconds until all of the file was in the spool."""
    probed: float | None = None
    """Until the file was probed: then its folder in the storage is made."""
    stored: float | None = None
    """Until it was on the disk and had its name in the storage."""

    def __init__(self, pid: int, spool: pathlib.Path, storage: pathlib.Path, size: int | None) -> None:
        """`size`: of the only file; None: the steps of many are not watched."""
        self._pid, self._spool, self._storage, self._size = pid, spool, storage, size
        self.idle_bytes = self.pss_bytes = self.peak_bytes = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)

    def __enter__(self) -> "Watch":
        self.idle_bytes = processes.own_memory_bytes(self._pid)
        processes.forget_peak(self._pid)
        self._begun = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        self._thread.join()
        self._look_at_memory()
        self.peak_bytes = processes.peak_bytes(self._pid)

    def _watch(self) -> None:
        looks = 0
        while not self._ended.wait(_STEP):
            if looks % _MEMORY == 0:
                self._look_at_memory()
            looks += 1
            if self._size is not None:
                self._look_at_steps(self._size)

    def _look_at_steps(self, whole: int) -> None:
        now = time.perf_counter() - self._begun
        if self.written is None and any(size >= whole for size in _sizes(self._spool, "spool-*/*")):
            self.written = now
        if self.probed is None and (folder := next(self._storage.glob("tenants/*/jobs/*"), None)):
            self.probed = now
            self._folder = folder
        if self.probed is not None and self.stored is None and (self._folder / "source").exists():
            self.stored = now

    def _look_at_memory(self) -> None:
        self.pss_bytes = max(self.pss_bytes, processes.own_memory_bytes(self._pid))


def _sizes(folder: pathlib.Path, pattern: str) -> list[int]:
    found = []
    for path in folder.glob(pattern):
        try:
            found.append(os.stat(path).st_size)
        except OSError:  # it was moved away meanwhile
            pass
    return found
