"""Submissions with and without a cap, in turns. No worker runs, so nothing but the API and the database is measured."""

import time
from collections.abc import Callable

from bench.client import Client
from bench.deployment import Deployment, RunningVerbatim

PLAIN = "POST /jobs, no cap"
_JOB = {"source_url": "https://example.com/a.mp3"}


def measure(deployment: Deployment, service: RunningVerbatim, calls: int) -> dict[str, list[float]]:
    """Seconds of each call, by what is called."""
    plain = _customer(deployment, service)
    capped = _customer(deployment, service, "--overage-cap-cents", "100000000")
    limited = _customer(deployment, service, monthly_minutes="100000")
    called: dict[str, Callable[[], object]] = {
        "GET /jobs?limit=1 (yardstick)": lambda: plain.get("/jobs?limit=1"),
        PLAIN: lambda: plain.post("/jobs?accept_overage=true", _JOB),
        "POST /jobs, cap on overage": lambda: capped.post("/jobs?accept_overage=true", _JOB),
        "POST /jobs, minutes of the key": lambda: limited.post("/jobs?accept_overage=true", _JOB),
    }
    seconds: dict[str, list[float]] = {name: [] for name in called}
    for _ in range(calls):
        for name, call in called.items():
            begun = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - begun)
    return seconds


def _customer(
    deployment: Deployment, service: RunningVerbatim, *limits: str, monthly_minutes: str | None = None
) -> Client:
    """A new account without included minutes, so that all is overage; and its key."""
    tenant = deployment.administer("tenant", "create", "--name", "Submissions", "--plan", "business")["tenant_id"]
    deployment.administer("quota", "set", "--tenant", tenant, "--monthly-minutes", "0", "--overage", "on", *limits)
    options = ["--monthly-minutes", monthly_minutes] if monthly_minutes else []
    key = deployment.administer("key", "issue", "--tenant", tenant, "--name", "submissions", *options)["api_key"]
    client = Client(service.address)
    client.token = client.post("/auth/token", {"api_key": key})["access_token"]
    return client
