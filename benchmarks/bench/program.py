"""Runs one program to its end and measures it: wall clock, CPU time, peak of memory."""

import os
import pathlib
import subprocess
import threading
import time
from dataclasses import dataclass

from . import processes
from .service import ServiceError

_INTERVAL = 0.02  # seconds between looks at the peak of memory


@dataclass(frozen=True)
class Ended:
    seconds: float
    user_seconds: float
    system_seconds: float
    peak_bytes: int
    """As the kernel counts it. What it grew by in the last hundredths of a second is missed; 0 if it ended before the first
    look."""
    output: str
    errors: str

    @property
    def cpu_seconds(self) -> float:
        """That of its children is included."""
        return self.user_seconds + self.system_seconds


def run(
    command: list[str],
    *,
    input: pathlib.Path | None = None,
    environment: dict[str, str] | None = None,
    keeps_output: bool = True,
    patience: float = 600,
) -> Ended:
    """Raises `ServiceError` where the program fails or takes more than `patience` seconds. Output and errors must fit into a
    pipe."""
    with open(input or os.devnull, "rb") as opened:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=opened,
            stdout=subprocess.PIPE if keeps_output else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
    look = _Look(process.pid)
    end = threading.Timer(patience, process.kill)
    end.start()
    try:
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        end.cancel()
        look.end()
    output, errors = (stream.read() if stream else "" for stream in (process.stdout, process.stderr))
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()
    if process.returncode != 0:
        said = errors.strip().splitlines() or output.strip().splitlines()
        raise ServiceError(
            f"{pathlib.Path(command[0]).name} ended with {process.returncode}: {said[-1] if said else 'it said nothing'}"
        )
    return Ended(seconds, used.ru_utime, used.ru_stime, look.peak_bytes, output, errors)


class _Look:
    """Looks at a process's peak of memory until it ends. What `wait4` says of it is no use: it counts the parent's memory, too."""

    def __init__(self, pid: int) -> None:
        self._pid, self.peak_bytes = pid, 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="look", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(_INTERVAL):
            self.peak_bytes = max(self.peak_bytes, processes.peak_bytes(self._pid))
