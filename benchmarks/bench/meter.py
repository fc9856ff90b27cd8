"""Measures named trees of processes for the time of a `with`: wall clock, CPU time, peak of memory.

Memory is sampled, five times a second: a shorter peak is missed. What else ran on the same cores meanwhile is measured
too, for it tells how far the wall clock can be trusted."""

import os
import threading
import time
from dataclasses import dataclass

from . import processes

_INTERVAL = 0.2  # seconds between samples


@dataclass(frozen=True)
class Reading:
    seconds: float
    cpu_seconds: dict[str, float]
    """By the tree's name."""
    peak_bytes: dict[str, int]
    """By the tree's name: each one's own peak."""
    peak_bytes_all: int
    """The peak of their sum."""
    others_share: float
    """Share, 0 to 1, of the cores' time that others used: other processes and, on a virtual machine, other guests."""
    observer_cpu_seconds: float
    """What measuring itself used; it is in no other figure."""

    @property
    def cpu_seconds_all(self) -> float:
        return sum(self.cpu_seconds.values())


class Meter:
    """`with Meter({"service": pid}) as meter: …`, then `meter.reading`. Raises `ChildProcessError` when a root has
    ended by then, for its figures are gone with it."""

    reading: Reading

    def __init__(self, roots: dict[str, int]) -> None:
        self._roots = roots
        self._peaks = dict.fromkeys(roots, 0)
        self._peak_all = 0
        self._ended = threading.Event()
        self._sampler = threading.Thread(target=self._sample_until_ended, name="meter", daemon=True)

    def __enter__(self) -> "Meter":
        self._cpu = self._cpu_now()
        self._busy, self._own = busy_seconds(), time.process_time()
        self._begun = time.monotonic()
        self._sampler.start()
        return self

    def __exit__(self, kind, *_) -> None:
        seconds = time.monotonic() - self._begun
        self._ended.set()
        self._sampler.join()
        if kind is not None:
            return
        self._sample()
        busy, own = busy_seconds() - self._busy, time.process_time() - self._own
        now = self._cpu_now()
        for name, root in self._roots.items():
            if not processes.is_alive(root):
                raise ChildProcessError(f"the process of '{name}' ended while it was measured")
        cpu = {name: now[name] - self._cpu[name] for name in self._roots}
        others = max(0.0, busy - own - sum(cpu.values()))
        share = others / (seconds * len(os.sched_getaffinity(0)))
        self.reading = Reading(seconds, cpu, dict(self._peaks), self._peak_all, share, own)

    def _cpu_now(self) -> dict[str, float]:
        return {name: processes.cpu_seconds(root) for name, root in self._roots.items()}

    def _sample_until_ended(self) -> None:
        while not self._ended.wait(_INTERVAL):
            self._sample()

    def _sample(self) -> None:
        held = {name: processes.memory_bytes(root) for name, root in self._roots.items()}
        self._peaks = {name: max(self._peaks[name], held[name]) for name in held}
        self._peak_all = max(self._peak_all, sum(held.values()))


def busy_seconds() -> float:
    """What the cores of this process have worked so far, for whomever, time stolen by the host included."""
    cores = {f"cpu{number}" for number in os.sched_getaffinity(0)}
    ticks = 0
    with open("/proc/stat", encoding="utf-8") as file:
        for line in file:
            name, *fields = line.split()
            if name in cores:
                user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[:8])
                ticks += user + nice + system + irq + softirq + steal
    return ticks / os.sysconf("SC_CLK_TCK")
