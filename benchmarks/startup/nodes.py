"""Nodes, and the model server alone: from their start until they listen, until they are ready, and then idle."""

import contextlib
import json
import pathlib
import subprocess
import threading
import time
from dataclasses import asdict, dataclass

from bench import processes
from bench.client import Client, Refused
from bench.service import ServiceError, free_port

SERVER = "model server alone"
API, WORKER, SERVE = "verbatim api", "verbatim worker", "verbatim serve"
_PATIENCE = 180  # seconds until it is ready
_LOOK = 0.05  # seconds between questions whether it is; each has a node ask its database and its storage
_SETTLE, _IDLE = 2, 5  # seconds before and while an idle node is measured


@dataclass(frozen=True)
class Start:
    listening_seconds: float
    """Until the log says that it listens; of the model server: until it answers anything."""
    ready_seconds: float
    cpu_seconds: float
    """Of it and its children, until it was ready."""
    idle_bytes: int
    """Of the process itself, proportional."""
    children_bytes: int
    idle_cpu_share: float
    """Of one core, when idle, children included."""

    def record(self) -> dict:
        return asdict(self)


@dataclass(frozen=True)
class Node:
    command: list[str]
    environment: dict[str, str]
    ready_path: str
    address: str | None = None
    """Where it will listen; None where its log says so."""


def all_of_them(checkout: pathlib.Path, environment: dict[str, str], has_model: bool) -> dict[str, Node]:
    """A worker has no address but that of its metrics."""
    program = str(checkout / ".build" / "release" / "verbatim")
    nodes = {API: Node([program, "api"], environment, "/readyz")}
    if has_model:
        for_metrics = {**environment, "VERBATIM_METRICS_LISTEN": "127.0.0.1:0"}
        port = free_port()
        launcher = [str(checkout / "inference" / "serve"), "--host", "127.0.0.1", "--port", str(port)]
        nodes[WORKER] = Node([program, "worker"], for_metrics, "/readyz")
        nodes[SERVE] = Node([program, "serve"], environment, "/readyz")
        nodes[SERVER] = Node(launcher, environment, "/health", f"http://127.0.0.1:{port}")
    return nodes


def measure(node: Node, log: pathlib.Path) -> Start:
    """Starts it, and stops it again. Raises `ServiceError` unless it gets ready."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        node.command, env=node.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output = _Log(process, log, begun)
    try:
        if node.address:
            listening, address = _until(process, node, node.address, begun, any_answer=True), node.address
        else:
            listening, address = output.wait()
        ready = _until(process, node, address, begun)
        cpu = processes.cpu_seconds(process.pid)
        time.sleep(_SETTLE)
        before = processes.cpu_seconds(process.pid)
        time.sleep(_IDLE)
        used = processes.cpu_seconds(process.pid) - before
        own = processes.own_memory_bytes(process.pid)
        return Start(listening, ready, cpu, own, processes.memory_bytes(process.pid) - own, used / _IDLE)
    finally:
        processes.stop(process, patience=60)
        output.end()


def _until(process: subprocess.Popen, node: Node, address: str, begun: float, any_answer: bool = False) -> float:
    """Seconds until it answers that it is ready, or, with `any_answer`, that it is not yet."""
    client = Client(address, timeout=10)
    while (passed := time.perf_counter() - begun) < _PATIENCE:
        try:
            client.get(node.ready_path)
            return time.perf_counter() - begun
        except Refused:
            if any_answer:
                return time.perf_counter() - begun
        except OSError:
            pass
        if process.poll() is not None:
            raise ServiceError(f"{pathlib.Path(node.command[0]).name} ended at its start")
        time.sleep(_LOOK)
    raise ServiceError(f"{pathlib.Path(node.command[0]).name} was not ready after {passed:.0f} seconds")


class _Log:
    """Reads what a node writes, keeps it in a file, and notes when it says that it listens."""

    def __init__(self, process: subprocess.Popen, file: pathlib.Path, begun: float) -> None:
        self._process, self._file, self._begun = process, file, begun
        self._said, self._seconds, self._address = threading.Event(), 0.0, ""
        self._thread = threading.Thread(target=self._read, name="log", daemon=True)
        self._thread.start()

    def wait(self) -> tuple[float, str]:
        """The seconds until it listened, and its address. Raises `ServiceError`."""
        if not self._said.wait(_PATIENCE) or not self._address:
            raise ServiceError(f"a node did not say that it listens (log: {self._file})")
        return self._seconds, self._address

    def end(self) -> None:
        self._thread.join(10)
        self._process.stdout.close()

    def _read(self) -> None:
        with open(self._file, "ab") as kept:
            for line in self._process.stdout:
                now = time.perf_counter() - self._begun
                kept.write(line)
                if not self._address and (address := listens_at(line)):
                    self._seconds, self._address = now, address
                    self._said.set()
        self._said.set()


def listens_at(line: bytes) -> str | None:
    """The address that a line of the log names, if it says that the node listens."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        event = json.loads(line)
        if event["message"] in ("listening", "listening for metrics"):
            return event["metadata"]["address"]
    return None
