"""One scenario, once: a database of its own is filled, `verbatim worker` started, and all that arrives is judged."""

import pathlib
import shutil
import threading
import time
from dataclasses import dataclass

from bench.deployment import Deployment
from bench.meter import Meter, Reading
from bench.service import Service, ServiceError

from . import backlog
from .backlog import GOOD, HOLE, NEWCOMERS, Account, Database
from .judgment import judge
from .receiving import Arrival, Receiver
from .scenarios import Scenario

_PATIENCE = 60  # seconds without an arrival
_NEWCOMERS_PAUSE = 0.1


@dataclass(frozen=True)
class Place:
    """Where things are."""

    checkout: pathlib.Path
    folder: pathlib.Path
    logs: pathlib.Path
    psql: str
    database_url: str
    """Of a database beside which others may be made: `…/verbatim?host=…`."""
    database_pid: int


@dataclass(frozen=True)
class Measurement:
    scenario: str
    round: int
    good: int
    seconds: float
    """From the start of the sender's process until the last of those who answer had all its events."""
    waits: list[float]
    """Of each of those events from that start, in seconds, in order."""
    newcomer_waits: list[float]
    """Of each newcomer's event from its job's end, in order."""
    most_held: int
    """Connections that the black hole held at once."""
    reading: Reading

    @property
    def rate(self) -> float:
        return self.good / self.seconds

    @property
    def cpu_milliseconds(self) -> float:
        """Of the sender and its database, a delivery."""
        return 1000 * (self.reading.cpu_seconds["sender"] + self.reading.cpu_seconds["database"]) / self.good

    def record(self) -> dict:
        return {
            "scenario": self.scenario,
            "round": self.round,
            "deliveries": self.good,
            "seconds": self.seconds,
            "rate": self.rate,
            "wait_p50": quantile(self.waits, 0.5),
            "wait_p99": quantile(self.waits, 0.99),
            "newcomers": len(self.newcomer_waits),
            "newcomer_p50": quantile(self.newcomer_waits, 0.5),
            "newcomer_p99": quantile(self.newcomer_waits, 0.99),
            "most_held": self.most_held,
            "cpu_ms": self.cpu_milliseconds,
            "cpu_seconds": self.reading.cpu_seconds,
            "peak_bytes": self.reading.peak_bytes,
            "others_share": self.reading.others_share,
        }


def quantile(ordered: list[float], share: float) -> float | None:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def measure(scenario: Scenario, turn: int, place: Place) -> Measurement:
    """Raises `ServiceError` when an event is lost, comes twice, or is not what was written; `OSError`."""
    name = f"{scenario.name}-{turn}".replace("-", "_")
    main = Database(place.psql, place.database_url)
    main.run(f"DROP DATABASE IF EXISTS {name}")
    main.run(f"CREATE DATABASE {name}")
    url = place.database_url.replace("/verbatim?", f"/{name}?")
    folder, logs = place.folder / name, place.logs / name
    folder.mkdir(parents=True)
    logs.mkdir(parents=True)
    try:
        deployment = Deployment(
            place.checkout,
            folder,
            logs,
            url,
            VERBATIM_EGRESS_ALLOW="127.0.0.0/8",
            # No model is needed, so none is started.
            VERBATIM_INFERENCE_URL="http://127.0.0.1:1",
        )
        with Receiver(folder, scenario.delay) as receiver:
            return _measure(scenario, turn, deployment, Database(place.psql, url), receiver, place.database_pid)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        main.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _measure(
    scenario: Scenario, turn: int, deployment: Deployment, database: Database, receiver: Receiver, database_pid: int
) -> Measurement:
    accounts = _fill(scenario, deployment, database, receiver)
    begun = time.time()
    sender = deployment.start_worker()
    try:
        roots = {"sender": sender.process.pid, "database": database_pid, "receiver": receiver.pid}
        with Meter(roots) as meter, _Newcomers(scenario, accounts, database, receiver):
            _wait(sender, receiver, GOOD, scenario.good)
        if scenario.newcomers:
            sent = int(database.run(f"SELECT count(*) FROM webhook_events WHERE url LIKE '%/{NEWCOMERS}/%'")[0][0])
            _wait(sender, receiver, NEWCOMERS, sent)
    finally:
        sender.stop()
    receiver.end()
    judge(receiver.arrivals, database, {account.id: account.secret for account in accounts})
    good = _of(receiver.arrivals, GOOD)
    waits = sorted(arrival.at - begun for arrival in good)
    return Measurement(
        scenario.name,
        turn,
        scenario.good,
        waits[-1],
        waits,
        _newcomer_waits(database, receiver.arrivals),
        receiver.most_held,
        meter.reading,
    )


def _fill(scenario: Scenario, deployment: Deployment, database: Database, receiver: Receiver) -> list[Account]:
    """All accounts, the newcomers' the last of them."""
    count = scenario.accounts + (scenario.hole + scenario.failed > 0) + scenario.newcomers
    accounts = [backlog.make_account(deployment, f"Account {number}") for number in range(count)]
    first, statements = 1, ["BEGIN;"]
    if scenario.hole:
        account, urls = accounts[scenario.accounts], [f"{receiver.hole}/{HOLE}/"]
        statements += [
            backlog.endpoints(account.id, urls),
            backlog.events(account.id, urls, range(first, first + scenario.hole)),
        ]
        first += scenario.hole
    if scenario.failed:
        account, urls = accounts[scenario.accounts], [f"{receiver.hole}/{HOLE}/{n}" for n in range(scenario.failed)]
        statements += [
            backlog.endpoints(account.id, urls),
            backlog.events(account.id, urls, range(first, first + scenario.failed)),
            backlog.failed(account.id),
        ]
        first += scenario.failed
    each = scenario.good // scenario.accounts
    if each * scenario.accounts != scenario.good:
        raise ServiceError(f"{scenario.good} events do not divide among {scenario.accounts} accounts")
    for account in accounts[: scenario.accounts]:
        urls = [f"{receiver.url}/{GOOD}/{account.id}/{number}" for number in range(scenario.endpoints)]
        statements += [
            backlog.endpoints(account.id, urls),
            backlog.events(account.id, urls, range(first, first + each)),
        ]
        first += each
    database.run("\n".join([*statements, "COMMIT;", "VACUUM ANALYZE;"]))
    return accounts


class _Newcomers:
    """During its `with`, where the scenario wants it, one job after the other ends, of an account of their own."""

    def __init__(self, scenario: Scenario, accounts: list[Account], database: Database, receiver: Receiver) -> None:
        self._is_wanted = scenario.newcomers
        self._tenant, self._database = accounts[-1].id, database
        self._urls = [f"{receiver.url}/{NEWCOMERS}/{self._tenant}/0"]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._end_jobs, name="newcomers", daemon=True)

    def __enter__(self) -> None:
        if self._is_wanted:
            self._database.run(backlog.endpoints(self._tenant, self._urls))
            self._thread.start()

    def __exit__(self, *_) -> None:
        if self._is_wanted:
            self._ended.set()
            self._thread.join()

    def _end_jobs(self) -> None:
        session, number = self._database.open(), 1_000_000
        while not self._ended.wait(_NEWCOMERS_PAUSE):
            session.stdin.write(backlog.events(self._tenant, self._urls, range(number, number + 1)))
            session.stdin.flush()
            number += 1
        session.stdin.close()
        session.wait()


def _wait(sender: Service, receiver: Receiver, what: str, count: int) -> None:
    """Until so many have come; raises `ServiceError` when nothing comes any more."""
    came, since = -1, time.monotonic()
    while (now := receiver.count(what)) < count:
        if sender.process.poll() is not None:
            raise ServiceError(f"the sender ended (log: {sender.log})")
        if now != came:
            came, since = now, time.monotonic()
        if time.monotonic() - since > _PATIENCE:
            raise ServiceError(f"of {count} events {now} arrived, and for {_PATIENCE} s none (log: {sender.log})")
        time.sleep(0.1)


def _of(arrivals: list[Arrival], what: str) -> list[Arrival]:
    return [arrival for arrival in arrivals if arrival.path.startswith(f"/{what}/")]


def _newcomer_waits(database: Database, arrivals: list[Arrival]) -> list[float]:
    rows = database.run(
        f"SELECT id, extract(epoch FROM created_at) FROM webhook_events WHERE url LIKE '%/{NEWCOMERS}/%'"
    )
    ended = {event: float(at) for event, at in rows}
    return sorted(arrival.at - ended[arrival.id] for arrival in _of(arrivals, NEWCOMERS))


