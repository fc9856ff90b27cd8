"""A run: starts a deployment, sends jobs while faults happen, waits until nothing is left to do, and judges. Started by scripts/soak."""

import argparse
import datetime
import json
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

from bench.table import Table

from . import facts, verdict
from .customers import Customer, GaveUp, Statistics, Work
from .database import Database, DatabaseError
from .deployment import Deployment, release_disk
from .faults import Faults

CHECKOUT = Path(__file__).resolve().parents[3]
_DRAIN = 600  # seconds that the last jobs and webhooks may take


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="soak", description="started by scripts/soak, which checks the options")
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True, help="jobs a second")
    parser.add_argument("--at-once", type=int, default=40, help="jobs that customers follow at a time")
    parser.add_argument("--api", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--interval", type=float, nargs=2, default=(3, 6), help="seconds between two faults")
    parser.add_argument("--pace", type=float, default=0.08, help="seconds that the engine takes for a second of audio")
    parser.add_argument("--model-faults", type=float, default=0.06)
    parser.add_argument("--webhook-faults", type=float, default=0.08)
    parser.add_argument("--by-url", type=float, default=0.15, help="share of jobs that name a URL")
    parser.add_argument("--full-disk", action="store_true")
    parser.add_argument("--sweep", type=int, default=0, help="seconds to wait for the sweep of audio without a job; 0: not at all")
    parser.add_argument("--cluster", type=Path, required=True)
    parser.add_argument("--programs", type=Path, required=True, help="PostgreSQL's")
    parser.add_argument("--superuser", required=True, help="a URL")
    parser.add_argument("--folder", type=Path, required=True, help="for what the run needs; removed after it")
    parser.add_argument("--results", type=Path, required=True)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _leave)
    begun = datetime.datetime.now(datetime.timezone.utc)
    results = options.results / begun.strftime("soak-%Y%m%dT%H%M%SZ")
    logs = results / "logs"
    logs.mkdir(parents=True)
    folder = options.folder / "files"
    release_disk(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    deployment = None
    try:
        database = Database(options.cluster, options.programs, options.superuser)
        deployment = Deployment(CHECKOUT, folder, logs, database, options)
        found = run(deployment, options)
    except (OSError, TimeoutError, DatabaseError, GaveUp) as error:
        say(f"scripts/soak: {error}")
        return 1
    finally:
        if deployment:
            deployment.stop()
        shutil.rmtree(folder, ignore_errors=True)
    found["run"] = {
        "begun": begun.isoformat(), "seconds": round(time.time() - begun.timestamp()), "cores": len(os.sched_getaffinity(0)),
        **{name: value for name, value in vars(options).items() if isinstance(value, (int, float, tuple, list))},
    }
    return report(found, results)


def _leave(*_) -> None:
    """So that what was started is stopped. Whoever asks says so again and again; once is enough."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(143)


def run(deployment: Deployment, options) -> dict:
    say(f"Starting {options.api} API nodes and {options.workers} workers …")
    deployment.start()
    statistics = Statistics()
    customers = make_customers(deployment, statistics)
    work = Work(deployment, customers, options.seed, options.by_url)
    faults = Faults(deployment, options.seed, tuple(options.interval), say)
    progress = Progress(work, faults, options.jobs)
    say(f"Sending {options.jobs} jobs, {options.rate:g} a second, while something goes wrong every {options.interval[0]:g} to "
        f"{options.interval[1]:g} s (seed {options.seed}) …")
    faults.start()
    places = threading.Semaphore(options.at_once)
    begun = time.monotonic()
    for number in range(options.jobs):
        time.sleep(max(0, begun + number / options.rate - time.monotonic()))
        work.begin(places)
        progress.tell()
    # With few jobs the faults take longer than they do.
    until = time.monotonic() + 180
    while faults.missing and time.monotonic() < until:
        time.sleep(0.2)
    faults.stop()
    faults.broken += [f"{kind}: did not come about" for kind in faults.missing]
    deployment.calm()
    say(f"{len(faults.done)} faults so far; waiting until nothing is left to do …")
    until = time.monotonic() + _DRAIN
    while not work.wait(5) and time.monotonic() < until:
        progress.tell()
    while not facts.is_drained(deployment) and time.monotonic() < until:
        time.sleep(0.5)
    shown = {
        customer.tenant.id: {name: customer.get("/usage")[name] for name in ("used_seconds", "reserved_seconds")}
        for customer in customers
    }
    swept = None
    if options.sweep:
        say(f"waiting for the sweep of {len(deployment.objects())} objects without a job …")
        swept = facts.sweep(deployment, options.sweep)
    facts.settle(deployment)
    return facts.collect(deployment, work, faults, statistics, shown, swept)


def make_customers(deployment: Deployment, statistics: Statistics) -> list[Customer]:
    """Accounts with different limits, which are told of their jobs in different ways."""
    tenants = [
        deployment.add_tenant("Business", "business", "default"),
        deployment.add_tenant("Pro", "pro", "several"),
        deployment.add_tenant("Few at once", "pro", "own", concurrency="4"),
        deployment.add_tenant("No queue", "business", "default", concurrency="12", queueing="off"),
        deployment.add_tenant("Free", "free", "own", concurrency="3", monthly_minutes="1000"),
    ]
    customers = [Customer(tenant, deployment.addresses, statistics) for tenant in tenants]
    kind = {"Content-Type": "application/json"}
    for customer in customers:
        tenant = customer.tenant
        if tenant.hooks == "own":
            continue
        tenant.endpoints.append("default")
        customer.call("PUT", "/webhook", json.dumps({"url": deployment.hook(tenant, "default")}).encode(), kind)
        if tenant.hooks == "several":
            tenant.endpoints.append("second")
            body = {"url": deployment.hook(tenant, "second"), "events": ["job.*"]}
            status, content, _ = customer.call("POST", "/webhooks", json.dumps(body).encode(), kind)
            if status != 201:
                raise GaveUp(f"POST /webhooks: {status} {content}")
    return customers


class Progress:
    """A line every fifteen seconds."""

    def __init__(self, work: Work, faults: Faults, jobs: int) -> None:
        self._work, self._faults, self._jobs = work, faults, jobs
        self._begun = self._last = time.monotonic()

    def tell(self) -> None:
        now = time.monotonic()
        if now - self._last < 15:
            return
        self._last = now
        last = self._faults.done[-1] if self._faults.done else None
        say(f"  {now - self._begun:4.0f} s: {self._work.submitted} of {self._jobs} jobs accepted, {self._work.ended} ended; "
            f"{len(self._faults.done)} faults" + (f", the last: {last['kind']} ({last['told']})" if last else ""))


def report(found: dict, results: Path) -> int:
    checks = verdict.judge(found)
    if found["broken"]:
        checks.insert(0, verdict.Check("the run itself", f"{len(found['broken'])} failures", found["broken"]))
    (results / "run.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    summary = [{"name": check.name, "figure": check.figure, "right": check.is_right, "faults": check.faults} for check in checks]
    (results / "verdict.json").write_text(json.dumps(summary, indent=1, ensure_ascii=False), encoding="utf-8")
    for check in checks:
        for fault in check.faults[:10]:
            say(f"{check.name}: {fault}")
        if len(check.faults) > 10:
            say(f"{check.name}: and {len(check.faults) - 10} more")
    kinds = sorted({fault["kind"] for fault in found["faults"]})
    counts = ", ".join(f"{kind} {sum(fault['kind'] == kind for fault in found['faults'])}" for kind in kinds)
    say(f"\nSeed {found['run']['seed']}, {found['run']['seconds']} s, {found['run']['cores']} cores; faults: {counts}.\n")
    rows = [["right" if check.is_right else "WRONG", check.name, check.figure] for check in checks]
    print(Table(["", "what", "found"], rows).text(), flush=True)
    say(f"\nfacts and logs: {results}")
    return 0 if verdict.is_right(checks) else 1


if __name__ == "__main__":
    sys.exit(main())
