"""Sign-ins of API keys and of members, all at once and one after the other. Each takes a run of Argon2."""

import dataclasses
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bench import processes
from bench.client import Client
from bench.deployment import Deployment, RunningVerbatim
from bench.meter import Meter

COUNT = 100
_EACH = 5
"""How often one key or member signs in within a round. Each may sixty times a minute."""
_PASSWORD = "a password of the benchmark"


@dataclasses.dataclass(frozen=True)
class Round:
    slowest: float
    """Seconds until the last of the sign-ins at once was answered."""
    in_turn: float
    """Seconds for as many, one after the other."""
    bytes_before: int
    peak_bytes: int

    def record(self) -> dict:
        return dataclasses.asdict(self)


def measure(deployment: Deployment, service: RunningVerbatim, rounds: int) -> list[Round]:
    """Keys and members take part in equal numbers. They are new in each round, so that no limit of theirs is reached; that of the network
    allows five rounds a minute."""
    found = []
    for number in range(rounds):
        calls = _make(deployment, service, f"round-{number}")
        calls[0]()  # Nothing is measured that only the first one costs.
        found.append(_round(calls, service.pid))
    return found


def _round(calls: list[Callable[[], None]], pid: int) -> Round:
    before = processes.memory_bytes(pid)
    with ThreadPoolExecutor(COUNT) as pool, Meter({"verbatim": pid}) as meter:
        begun = time.perf_counter()
        for done in [pool.submit(calls[number % len(calls)]) for number in range(COUNT)]:
            done.result()
        slowest = time.perf_counter() - begun
    begun = time.perf_counter()
    for number in range(COUNT):
        calls[number % len(calls)]()
    return Round(slowest, time.perf_counter() - begun, before, meter.reading.peak_bytes_all)


def _make(deployment: Deployment, service: RunningVerbatim, name: str) -> list[Callable[[], None]]:
    anyone = Client(service.address)
    tenant = deployment.administer("tenant", "create", "--name", name, "--plan", "business")["tenant_id"]
    calls = []
    for number in range(COUNT // _EACH // 2):
        key = deployment.administer("key", "issue", "--tenant", tenant, "--name", f"{name}-{number}")["api_key"]
        calls.append(lambda key=key: anyone.post("/auth/token", {"api_key": key}))
        email = f"{name}-{number}@example.com"
        link = deployment.administer("member", "invite", "--tenant", tenant, "--email", email, "--role", "viewer")
        token = link["link"].split("token=")[1]
        anyone.post("/members/password", {"token": token, "password": _PASSWORD})
        calls.append(
            lambda email=email: anyone.post("/members/sign-in", {"email": email, "password": _PASSWORD})
        )
    return calls
