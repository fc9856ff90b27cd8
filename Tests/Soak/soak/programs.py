"""The programs of a run: they are started, killed, stopped and started again, and whatever ends by itself is noted and started again, as systemd would."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from bench import processes


class Program:
    """One program, which may live several times. Its output goes to one log."""

    def __init__(
        self, name: str, command: list[str], environment: dict[str, str], log: Path, is_ready: Callable[[], bool] | None = None
    ) -> None:
        self.name, self.log = name, log
        self.exits: list[dict] = []
        self.lives: list[dict] = []
        """Of each process: when it was ready, and when it ended; None: not yet."""
        self._command, self._environment, self._is_ready = command, environment, is_ready
        self._lock = threading.RLock()
        self._wanted, self._was_ready = False, False
        self.process: subprocess.Popen | None = None

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    @property
    def is_wanted(self) -> bool:
        return self._wanted

    @property
    def has_been_ready(self) -> bool:
        """Since its last start."""
        return self._was_ready

    def start(self) -> None:
        with self._lock, open(self.log, "ab") as output:
            self.process = subprocess.Popen(
                self._command, env=self._environment, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT,
            )
            self._wanted, self._was_ready = True, False
            self.lives.append({"worker": str(self.pid), "ready": None, "end": None})

    def is_ready(self) -> bool:
        ready = self.process is not None and self.process.poll() is None and (self._is_ready is None or self._is_ready())
        if ready and not self._was_ready:
            self._was_ready = True
            self.lives[-1]["ready"] = time.time()
        return ready

    def wait(self, patience: float = 60) -> None:
        """Until it is ready. Raises `TimeoutError`."""
        until = time.monotonic() + patience
        while not self.is_ready():
            if time.monotonic() > until:
                raise TimeoutError(f"{self.name} was not ready after {patience:.0f} seconds (log: {self.log})")
            time.sleep(0.05)

    def end(self, number: signal.Signals, patience: float = 60) -> None:
        """Sends the signal, and waits for the end. What does not end is killed, which `exits` shows."""
        with self._lock:
            self._wanted = False
            process = self.process
        process.send_signal(number)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            self._note("did not end", ordered=True)
            return
        self._note(process.returncode, ordered=True)

    def look(self) -> None:
        """Starts it again if it has ended by itself."""
        with self._lock:
            if not self._wanted or self.process.poll() is None:
                return
            self._note(self.process.returncode, ordered=False)
            time.sleep(1)
            self.start()

    def _note(self, code, ordered: bool) -> None:
        self.lives[-1]["end"] = time.time()
        self.exits.append({
            "node": self.name, "pid": self.pid, "code": code, "ordered": ordered, "at": time.time(), "at_start": not self._was_ready,
        })


class Speaking:
    """A program that says in its first line what it needs others to know, and ends with its standard input."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        with open(log, "ab") as errors:
            self.process = subprocess.Popen(
                command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        line = self.process.stdout.readline()
        if not line:
            raise OSError(f"{command[-1]} did not start (log: {log})")
        self.said = json.loads(line)
        self._lock = threading.Lock()

    def ask(self, order) -> object:
        """Sends a line of JSON, and answers the line that comes back."""
        with self._lock:
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        processes.stop(self.process, patience=10)
        self.process.stdout.close()


def call(url: str, body: bytes | None = None, timeout: float = 5) -> tuple[int, bytes]:
    """Status and body of an answer. Raises `OSError` if there is none."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def answers(url: str) -> Callable[[], bool]:
    def check() -> bool:
        with contextlib.suppress(OSError):
            return call(url)[0] == 200
        return False

    return check


class Ports:
    """Ports of loopback for programs that come back at the same place: below those that the kernel gives to others."""

    def __init__(self) -> None:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            self._next = int(file.read().split()[0]) - 1 - os.getpid() % 5000

    def free(self) -> int:
        while True:
            self._next -= 1
            with contextlib.suppress(OSError), socket.socket() as listener:
                listener.bind(("127.0.0.1", self._next))
                return self._next
