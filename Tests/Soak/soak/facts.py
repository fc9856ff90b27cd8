"""What is left after a run, collected from the database, the object store, the nodes, their logs and the disk. `verdict.py` judges it."""

import contextlib
import json
import os
import time

from bench import processes

from .customers import Statistics, Work
from .deployment import Deployment
from .faults import Faults
from .programs import Program

_CRASH = ("Fatal error", "Crash:", "Segmentation fault", "Illegal instruction", "Trace/BPT", "double free", "AddressSanitizer")
_AGE = 7200  # seconds; more than the hour for which what no job needs is kept
# Nothing of this may be going on in an idle node.
_BUSY = (
    "verbatim_database_calls_waiting", "verbatim_uploads_waiting", "verbatim_probes_waiting", "verbatim_spool_bytes",
    "verbatim_jobs{", "verbatim_tasks{", "verbatim_webhook_deliveries_pending", "verbatim_reserved_seconds",
)


def is_drained(deployment: Deployment) -> bool:
    """Whether nothing is left to do: no task, no webhook to send."""
    return not any(
        deployment.database.value(query)
        for query in (
            "SELECT count(*) FROM tasks WHERE status IN ('ready', 'running')",
            "SELECT count(*) FROM webhook_events WHERE status IN ('pending', 'sending')",
        )
    )


def collect(deployment: Deployment, work: Work, faults: Faults, statistics: Statistics, shown: dict, swept: int | None) -> dict:
    """`shown`: what GET /usage says, by tenant. `swept`: how many objects without a job a sweep removed; None if none was awaited."""
    database = deployment.database
    rows = database.rows(
        "SELECT id, tenant_id AS tenant, status, error_code AS error, extract(epoch FROM source_deleted_at) AS deleted FROM jobs")
    months = [row["month"] for row in database.rows("SELECT DISTINCT month FROM usage_months ORDER BY 1")]
    return {
        "jobs": work.records,
        "rows": rows,
        "tenants": {row["id"]: row["tenant"] for row in rows},
        "usage": database.rows("SELECT job_id AS job, tenant_id AS tenant, seconds FROM usage"),
        "reservations": [row["job_id"] for row in database.rows("SELECT job_id FROM reservations")],
        "shown": shown,
        "verified": _verified(deployment, months),
        "arrivals": [json.loads(line) for line in deployment.arrivals.read_text().splitlines()] if deployment.arrivals.exists() else [],
        "objects": deployment.objects(),
        "swept": swept,
        "scratch": _scratch(deployment),
        "tasks": database.rows("SELECT kind, job_id AS job, status FROM tasks WHERE status IN ('ready', 'running')"),
        "changes": _changes(deployment),
        "losses": faults.losses,
        "lives": [life for worker in deployment.workers for life in worker.lives],
        "slots": deployment.slots,
        "stalls": deployment.stalls,
        "outages": faults.outages,
        "statuses": dict(statistics.statuses),
        "unanswered": statistics.unanswered,
        "unannounced_503": statistics.unannounced_503,
        "logged_500": statistics.wrong + _logged_500(deployment),
        "crash_lines": _crash_lines(deployment),
        "exits": [end for program in deployment.programs.values() for end in program.exits],
        "nodes": [_node(deployment, node) for node in deployment.apis + deployment.workers],
        "children": _children(deployment),
        "open_transactions": database.value(
            "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"),
        "faults": faults.done,
        "broken": faults.broken + work.faults,
        "model_faults": deployment.model_faults(),
    }


def _verified(deployment: Deployment, months: list[str]) -> dict:
    done = [deployment.try_to_administer("usage", "verify", "--period", month) for month in months]
    return {
        "status": max((one.returncode for one in done), default=0),
        "output": "\n".join(f"{one.stdout}{one.stderr}".strip() for one in done if one.returncode),
    }


def _changes(deployment: Deployment) -> list[dict]:
    """What happened to each task, in order: `at`, `task`, `job`, `kind`, `status`, `worker` (its process), `fence`, `error`, `long`."""
    changes = deployment.database.rows(
        "SELECT extract(epoch FROM at) AS at, task, job, kind, status, worker, fence, error, is_long AS long FROM soak.changes ORDER BY at")
    for change in changes:
        change["worker"] = change["worker"] and change["worker"].rpartition(":")[2]
    return changes


def _scratch(deployment: Deployment) -> list[str]:
    """Files in the scratch folders, but for the locks, which are empty and stay."""
    return [
        f"{node.name}: {file.relative_to(deployment.scratch(node))}"
        for node in deployment.apis + deployment.workers
        for file in deployment.scratch(node).rglob("*")
        if file.is_file() and file.name != ".lock"
    ]


def _logged_500(deployment: Deployment) -> list[str]:
    found = []
    for node in deployment.apis:
        for line in _lines(node):
            if '"message":"Request"' in line and '"status":"5' in line and '"status":"503"' not in line:
                found.append(f"{node.name}: {line.strip()[:300]}")
    return found


def _crash_lines(deployment: Deployment) -> list[str]:
    return [
        f"{program.name}: {line.strip()[:300]}"
        for program in deployment.programs.values()
        for line in _lines(program)
        if any(sign in line for sign in _CRASH) or "Traceback (most recent call last)" in line
    ]


def _lines(program: Program):
    with open(program.log, encoding="utf-8", errors="replace") as file:
        yield from file


def _node(deployment: Deployment, node: Program) -> dict:
    metrics = deployment.metrics(node)
    return {
        "name": node.name,
        "ready": node.is_ready(),
        "memory_mb": processes.memory_bytes(node.pid) / 1e6,
        "busy": {name: value for name, value in metrics.items() if name.startswith(_BUSY)},
        "connections": int(sum(value for name, value in metrics.items() if name.startswith("verbatim_database_connections{"))),
    }


def _children(deployment: Deployment) -> list[str]:
    """Media tools of nodes that are gone."""
    tool = os.path.realpath(deployment.media_tool)
    found = []
    for pid in (name for name in os.listdir("/proc") if name.isdigit()):
        try:
            if os.path.realpath(f"/proc/{pid}/exe") == tool:
                found.append(f"verbatim-media {pid}")
        except OSError:
            continue
    return found


def settle(deployment: Deployment, patience: float = 60) -> None:
    """Waits until every node is ready and has at most four connections, for idle ones close after a while; or until `patience` is over."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            states = [_node(deployment, node) for node in deployment.apis + deployment.workers]
            if all(state["ready"] and state["connections"] <= 4 for state in states):
                return
        time.sleep(0.5)


def sweep(deployment: Deployment, patience: float) -> int:
    """Makes what is left in the object store and in the scratch folders two hours old, and waits until the workers' cleanups have removed what no job
    needs. Answers how many objects that were; what is left then is in `objects` and `scratch`."""
    before = len(deployment.objects())
    deployment.age_objects(_AGE)
    for node in deployment.workers:
        for file in (deployment.scratch(node) / "downloads").rglob("*"):
            os.utime(file, (time.time() - _AGE,) * 2)
    until = time.monotonic() + patience
    while (deployment.objects() or _scratch(deployment)) and time.monotonic() < until:
        deployment.database.run("UPDATE orphan_listing SET due_at = least(due_at, now())")
        time.sleep(2)
    return before - len(deployment.objects())
