"""A program that is started for a measurement and serves HTTP on loopback."""

import contextlib
import os
import pathlib
import socket
import subprocess
import time
from collections.abc import Callable

from . import processes
from .client import Refused


class ServiceError(Exception):
    """One sentence on what did not start, or did not work."""


class Service:
    """Starts the command at once; its output goes to `log`. `stop` ends its whole tree."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], log: pathlib.Path) -> None:
        self.name, self.log = name, log
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )

    def wait(self, condition: Callable[[], bool], patience: float) -> None:
        """Until `condition` is true; it counts as false while the service refuses or does not answer. Raises
        `ServiceError` when the service has ended, or after `patience` seconds."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise ServiceError(f"{self.name} ended at its start (log: {self.log})")
            with contextlib.suppress(OSError, Refused):
                if condition():
                    return
            time.sleep(0.05)
        raise ServiceError(f"{self.name} was not ready after {patience:.0f} seconds (log: {self.log})")

    def stop(self) -> None:
        processes.stop(self.process, patience=30)


def free_port() -> int:
    """One that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def plain_environment(**additions: str) -> dict[str, str]:
    """This process's environment without what configures Verbatim or Python, and with `additions`."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("VERBATIM_", "PYTHON", "OMP_"))
    }
    return {**inherited, **additions}
