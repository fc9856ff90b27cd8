"""How much of the cores others used meanwhile: it tells how far the wall clock can be trusted."""

import os
import statistics
import time
from collections.abc import Iterable

from . import processes
from .meter import busy_seconds

_IDLE = 0.1
"""Cores of which others use no more, in the middle of all measurements, count as idle. The kernel's own writing to the disk is
in that."""


class Cores:
    """`with Cores(database_pid) as cores: …`, then `cores.others_share`: the share, 0 to 1, of the cores' time that was used by
    others than this process, all that it started, and the trees of `roots`. Time stolen by the host counts as others'."""

    others_share: float

    def __init__(self, *roots: int) -> None:
        self._roots = (os.getpid(), *roots)

    def __enter__(self) -> "Cores":
        self._begun = time.monotonic()
        self._before = self._others()
        return self

    def __exit__(self, *_) -> None:
        others = max(0.0, self._others() - self._before)
        self.others_share = others / (time.monotonic() - self._begun) / len(os.sched_getaffinity(0))

    def _others(self) -> float:
        return busy_seconds() - sum(processes.cpu_seconds(root) for root in self._roots)


def why_not_idle(shares: Iterable[float]) -> str | None:
    """For `Run.publish`: figures of busy cores are not published. None where they were idle."""
    middle = statistics.median(shares)
    return f"cores of which others used {100 * middle:.0f} %" if middle > _IDLE else None
