"""Trees of processes, read from /proc: which there are, what CPU time they used, what memory they hold.

Nothing here needs a right beyond that of reading one's own processes. A process that ends while it is read is left
out; nothing is raised for it."""

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass

_TICK = os.sysconf("SC_CLK_TCK")


def tree(root: int) -> list[int]:
    """`root` and all its descendants, children before their parents."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := _stat(int(name))):
            children.setdefault(int(fields[1]), []).append(int(name))
    found = [root]
    for pid in found:  # grows meanwhile
        found += children.get(pid, [])
    return found[::-1]


def cpu_seconds(root: int) -> float:
    """User and system time that the tree used so far, that of processes which ended and were waited for included."""
    ticks = 0
    for pid in tree(root):
        if fields := _stat(pid):
            ticks += sum(int(field) for field in fields[11:15])  # utime, stime, cutime, cstime
    return ticks / _TICK


@dataclass(frozen=True)
class Times:
    """CPU-seconds of one process."""

    user: float
    system: float
    children: float
    """Of those that ended and were waited for."""

    def __sub__(self, other: "Times") -> "Times":
        return Times(self.user - other.user, self.system - other.system, self.children - other.children)


def times(pid: int) -> Times:
    """So far; zeros if it has ended."""
    user, system, *children = (int(field) / _TICK for field in (_stat(pid) or ["0"] * 15)[11:15])
    return Times(user, system, sum(children))


def memory_bytes(root: int) -> int:
    """Proportional set size: what a page shared by several processes takes is divided among them, so that sums are
    right. Where the kernel does not show it (another user's process), the resident set instead, which is more."""
    return sum(own_memory_bytes(pid) for pid in tree(root))


def own_memory_bytes(pid: int) -> int:
    """That of the process without its children; 0 if it has ended."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
    except PermissionError:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/statm", encoding="utf-8") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # it has ended
        pass
    return 0


def peak_bytes(pid: int) -> int:
    """The most memory that the process itself ever had resident, pages of files included; 0 if it has ended."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def forget_peak(pid: int) -> None:
    """Has `peak_bytes` begin anew from what is resident now. Raises `OSError`."""
    with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def is_alive(pid: int) -> bool:
    fields = _stat(pid)
    return bool(fields) and fields[0] not in "ZX"


def stop(process: subprocess.Popen, patience: float) -> None:
    """Asks the process to end (SIGTERM), and kills what is left of its tree after `patience` seconds."""
    members = tree(process.pid)
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(patience)
    for pid in members:
        if pid != process.pid:
            _end_orphan(pid)
    if process.poll() is None:
        process.kill()
        process.wait()


def _end_orphan(pid: int) -> None:
    """A child ends by itself soon after its parent; one that does not is killed."""
    if _has_ended(pid, within=2):
        return
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)
    _has_ended(pid, within=2)


def _has_ended(pid: int, within: float) -> bool:
    until = time.monotonic() + within
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not is_alive(pid)


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on: what stands before may hold spaces."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None
