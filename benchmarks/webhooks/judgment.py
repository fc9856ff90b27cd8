"""Whether what arrived is what was written: each event once, under its own name, byte for byte, signed both ways."""

import base64
import collections
import hashlib
import hmac

from bench.service import ServiceError

from .backlog import Database
from .receiving import Arrival

_STATES = """
    SELECT e.id, e.tenant_id, regexp_replace(e.url, '^http://[^/]+', ''), md5(e.body), e.status, e.attempt,
        (SELECT count(*) FROM webhook_attempts a WHERE a.tenant_id = e.tenant_id AND a.event_id = e.id
            AND a.status_code = 200)
    FROM webhook_events e
"""


def judge(arrivals: list[Arrival], database: Database, secrets: dict[str, str]) -> None:
    """After the sender's end. `secrets`: by account. Raises `ServiceError`."""
    times = collections.Counter(arrival.id for arrival in arrivals)
    by_id = {arrival.id: arrival for arrival in arrivals}
    for event, tenant, path, digest, status, attempt, acknowledged in database.run(_STATES):
        if status == "sending":
            raise ServiceError(f"{event} was left with a sender that is gone")
        arrival = by_id.pop(event, None)
        if path.startswith("/hole/"):
            if status != "pending" or arrival:
                raise ServiceError(f"{event} is {status}, though nobody answered")
            continue
        if (status, attempt, acknowledged, times[event]) != ("delivered", "1", "1", 1):
            raise ServiceError(f"{event} came {times[event]} times; it is {status} after {attempt} tries")
        if arrival.path != path or hashlib.md5(arrival.body.encode()).hexdigest() != digest:
            raise ServiceError(f"{event} came with another body, or elsewhere")
        if not is_signed(arrival, secrets[tenant]):
            raise ServiceError(f"the signatures of {event} are not those of its account")
    if by_id:
        raise ServiceError(f"{len(by_id)} events came that nobody wrote")


def is_signed(arrival: Arrival, secret: str) -> bool:
    plain = hmac.new(secret.encode(), arrival.body.encode(), hashlib.sha256).hexdigest()
    signed = f"{arrival.id}.{arrival.headers.get('webhook-timestamp')}.{arrival.body}".encode()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    standard = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return (
        arrival.headers.get("x-transcription-signature") == plain
        and arrival.headers.get("webhook-signature") == standard
    )
