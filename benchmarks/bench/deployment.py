"""Verbatim as an operator sets it up: a migrated database, a customer with a key, and `verbatim serve` on a free port.

The executables are those of the checkout, in .build/release. The customer's key stays in this process."""

import json
import os
import pathlib
import secrets
import subprocess

from .client import Client
from .service import Service, ServiceError, plain_environment


class Deployment:
    """One database, storage and scratch folder; the service may be started and stopped on it any number of times."""

    def __init__(
        self, checkout: pathlib.Path, folder: pathlib.Path, logs: pathlib.Path, database_url: str, **settings: str
    ) -> None:
        """Migrates and makes the customer. `settings`: more of the environment. Raises `ServiceError`."""
        self._programs = checkout / ".build" / "release"
        self._logs, self._starts = logs, 0
        storage, scratch = folder / "storage", folder / "scratch"
        for place in (storage, scratch):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._environment = plain_environment(
            VERBATIM_DATABASE_URL=database_url,
            VERBATIM_MASTER_KEY=secrets.token_hex(32),
            VERBATIM_STORAGE=storage.as_uri(),
            VERBATIM_SCRATCH=str(scratch),
            VERBATIM_LISTEN="127.0.0.1:0",
            VERBATIM_SHUTDOWN_DELAY="0",
            USER="scripts/bench",
            **settings,
        )
        self.administer("migrate")
        tenant = self.administer("tenant", "create", "--name", "Benchmark", "--plan", "business")["tenant_id"]
        self.key = self.administer("key", "issue", "--tenant", tenant, "--name", "benchmark")["api_key"]

    @property
    def environment(self) -> dict[str, str]:
        """Of all its programs; it holds secrets."""
        return dict(self._environment)

    def start(self) -> "RunningVerbatim":
        """Answers once everything is ready, the model included. Raises `ServiceError`."""
        return self._start("serve")

    def start_api(self) -> "RunningVerbatim":
        """`verbatim api` alone, without a model: answers once it is ready. Raises `ServiceError`."""
        return self._start("api")

    def _start(self, role: str) -> "RunningVerbatim":
        service = self._launch(role)
        try:
            return RunningVerbatim(service, self.key)
        except BaseException:
            service.stop()
            raise

    def start_worker(self) -> Service:
        """`verbatim worker`, which is to be stopped by whoever asked for it; answers at once."""
        return self._launch("worker")

    def administer(self, *arguments: str) -> dict:
        """What `verbatim-admin` answers. Raises `ServiceError`."""
        command = [str(self._programs / "verbatim-admin"), *arguments, "--json"]
        done = subprocess.run(
            command, env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
        )
        if done.returncode != 0:
            said = done.stderr.strip().splitlines()
            raise ServiceError(f"verbatim-admin {arguments[0]} failed: {said[-1] if said else 'it said nothing'}")
        answer = json.loads(done.stdout)
        return answer if isinstance(answer, dict) else {}

    def _launch(self, role: str) -> Service:
        self._starts += 1
        log = self._logs / f"verbatim-{self._starts}.log"
        return Service("verbatim", [str(self._programs / "verbatim"), role], self._environment, log)


class RunningVerbatim:
    """The running service, logged in to."""

    def __init__(self, service: Service, key: str) -> None:
        self._service, self._key = service, key
        self.address = ""
        service.wait(self._is_listening, patience=60)
        self.client = Client(self.address, timeout=600)
        service.wait(lambda: self.client.get("/readyz")["status"] == "ok", patience=120)
        self.log_in()

    @property
    def pid(self) -> int:
        return self._service.process.pid

    def log_in(self) -> None:
        self.client.token = ""
        self.client.token = self.client.post("/auth/token", {"api_key": self._key})["access_token"]

    def log_lines(self) -> int:
        """How many lines it has logged so far."""
        with open(self._service.log, "rb") as log:
            return sum(1 for _ in log)

    def stop(self) -> None:
        self._service.stop()

    def _is_listening(self) -> bool:
        """The address is told in the log, for any free port was asked for."""
        with open(self._service.log, encoding="utf-8", errors="replace") as log:
            for line in log:
                if line.startswith("{") and line.endswith("}\n"):
                    event = json.loads(line)
                    if event.get("message") == "listening":
                        self.address = event["metadata"]["address"]
        return bool(self.address)


def build_identity(checkout: pathlib.Path) -> str:
    """Changes when the executables, or the model server's sources, do: to see a build that comes in between."""
    files = [checkout / ".build" / "release" / name for name in ("verbatim", "verbatim-admin", "verbatim-media")]
    files += sorted((checkout / "inference" / "verbatim_inference").rglob("*.py"))
    return " ".join(f"{state.st_ino}:{state.st_mtime_ns}:{state.st_size}" for state in map(os.stat, files))
