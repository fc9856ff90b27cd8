"""What the parts of a delivery cost by themselves: curl posts to the same receiver, pgbench does the writes."""

import pathlib
import re
import subprocess
import time

from bench.deployment import Deployment
from bench.service import ServiceError

from . import backlog
from .backlog import Database
from .measurement import Place
from .receiving import Receiver

_AT_ONCE = 64
_CLIENTS, _SECONDS = 4, 5  # as many connections as the sender has on two cores

_WRITES = """
\\set n random(1, {events})
UPDATE webhook_events SET status = 'sending', attempt = attempt + 1, schedule_attempts = schedule_attempts + 1,
    schedule_started_at = coalesce(schedule_started_at, now()), fence = nextval('delivery_fences'), lease_until = now() + interval '30 s'
WHERE tenant_id = '{tenant}' AND id = 'evt_' || lpad(:n::text, 26, '0');
WITH ended AS (
    UPDATE webhook_events SET lease_until = NULL, status = 'delivered'
    WHERE tenant_id = '{tenant}' AND id = 'evt_' || lpad(:n::text, 26, '0') RETURNING tenant_id, id, url, attempt
), kept AS (
    INSERT INTO webhook_attempts (tenant_id, event_id, number, at, status_code, latency_ms)
    SELECT tenant_id, id, attempt, now(), 200, 1 FROM ended ON CONFLICT DO NOTHING
), judged AS (
    UPDATE webhook_endpoints e SET last_success = now() FROM ended
    WHERE e.tenant_id = ended.tenant_id AND e.url = ended.url
)
SELECT count(*) FROM ended;
"""


def posts_per_second(folder: pathlib.Path, count: int) -> float:
    """curl: the same libcurl, a connection each as well, as many bytes, unsigned, and nothing kept anywhere."""
    folder.mkdir(parents=True, exist_ok=True)
    body = folder / "body.json"
    body.write_text('{"event":"job.completed","padding":"' + "x" * 430 + '"}', encoding="utf-8")
    with Receiver(folder) as receiver:
        command = ["curl", "--silent", "--parallel", "--parallel-max", str(_AT_ONCE), "--output", "/dev/null"]
        command += ["--header", "Connection: close", "--header", "Content-Type: application/json"]
        command += ["--data-binary", f"@{body}", f"{receiver.url}/raw/[1-{count}]"]
        begun = time.monotonic()
        done = subprocess.run(command, stderr=subprocess.DEVNULL, timeout=600)  # a meter, though silent
        seconds = time.monotonic() - begun
        arrived = receiver.count("raw")
    # The receiver closes first, so a port that is used again too soon is reset now and then.
    if arrived < 0.99 * count:
        raise ServiceError(f"curl ended with {done.returncode}, {arrived} of {count} posts arrived")
    body.unlink()
    return arrived / seconds


def writes_per_second(place: Place, events: int = 9000) -> float:
    """pgbench: claiming and ending one event, two transactions, on the product's own tables, for 18 endpoints."""
    main, name = Database(place.psql, place.database_url), "writes"
    main.run(f"DROP DATABASE IF EXISTS {name}")
    main.run(f"CREATE DATABASE {name}")
    url = place.database_url.replace("/verbatim?", f"/{name}?")
    folder, logs = place.folder / name, place.logs / name
    logs.mkdir(parents=True, exist_ok=True)
    try:
        deployment = Deployment(place.checkout, folder, logs, url)
        tenant = backlog.make_account(deployment, "Account").id
        urls = [f"http://127.0.0.1/{number}" for number in range(18)]
        filling = [backlog.endpoints(tenant, urls), backlog.events(tenant, urls, range(1, events + 1))]
        Database(place.psql, url).run("\n".join([*filling, "VACUUM ANALYZE;"]))
        script = folder / "writes.sql"
        script.write_text(_WRITES.format(events=events, tenant=tenant), encoding="utf-8")
        command = [str(pathlib.Path(place.psql).with_name("pgbench")), "-n", "-M", "prepared", "-f", str(script)]
        command += ["-c", str(_CLIENTS), "-j", "1", "-T", str(_SECONDS), url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        told = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
        if done.returncode != 0 or not told:
            raise ServiceError(f"pgbench failed: {done.stderr.strip().splitlines()[-1:]}")
        return float(told[1])
    finally:
        main.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
