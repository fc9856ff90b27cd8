"""Customers who send recordings as docs/quickstart.md tells them to: with an Idempotency-Key, waiting as long as Retry-After says, and going to another node
when one does not answer."""

import http.client
import json
import random
import secrets
import threading
import time
import urllib.parse
from collections import Counter
from pathlib import Path

from . import audio
from .deployment import Deployment, Tenant

PATIENCE = 420  # seconds for one answer, through all outages
_ENDED = ("completed", "failed", "cancelled")


class GaveUp(Exception):
    """One sentence on what no node would do."""


class Statistics:
    """What customers were answered, all together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.statuses: Counter[str] = Counter()
        self.unannounced_503 = 0
        self.unanswered = 0
        self.wrong: list[str] = []

    def note(self, method: str, path: str, status: int, code: str | None, headers) -> None:
        with self._lock:
            self.statuses[f"{status} {code}" if code else str(status)] += 1
            if status == 503 and "Retry-After" not in headers:
                self.unannounced_503 += 1
            if status >= 500 and status != 503:
                self.wrong.append(f"{method} {path}: {status} {headers.get('X-Request-Id')}")

    def note_silence(self) -> None:
        with self._lock:
            self.unanswered += 1


class Customer:
    """One tenant's client at all API nodes. Each thread may use it."""

    def __init__(self, tenant: Tenant, addresses: list[str], statistics: Statistics) -> None:
        self.tenant = tenant
        self._addresses = [urllib.parse.urlsplit(address).netloc for address in addresses]
        self._statistics = statistics
        self._place, self._token, self._lock = 0, "", threading.Lock()

    def call(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, patience: float = PATIENCE
    ) -> tuple[int, dict, http.client.HTTPMessage]:
        """Asks one node after the other, until one answers with something else than "not now". Raises `GaveUp`."""
        until = time.monotonic() + patience
        while True:
            if time.monotonic() > until:
                raise GaveUp(f"{method} {path}: no answer in {patience:.0f} s")
            token = self._token
            if not token and path != "/auth/token":
                self._log_in("")
                continue
            address = self._addresses[self._place % len(self._addresses)]
            answer = self._send(address, method, path, body, {**(headers or {}), "Authorization": f"Bearer {token}"})
            if answer is None:
                self._statistics.note_silence()
                self._place += 1
                time.sleep(0.2)
                continue
            status, content, received = answer
            code = content.get("error") if isinstance(content, dict) and status >= 400 else None
            self._statistics.note(method, path, status, code, received)
            if status == 401:
                self._log_in(token)
            elif status in (408, 429) or status >= 500 or code == "idempotency_in_progress":
                self._place += 1
                time.sleep(min(30, float(received.get("Retry-After", 1))))
            else:
                return status, content, received

    def get(self, path: str):
        return self.call("GET", path)[1]

    def _log_in(self, old: str) -> None:
        with self._lock:
            if self._token != old:
                return
            body = json.dumps({"api_key": self.tenant.key}).encode()
            status, content, _ = self.call("POST", "/auth/token", body, {"Content-Type": "application/json"})
            if status != 200:
                raise GaveUp(f"POST /auth/token: {status}")
            self._token = content["access_token"]

    @staticmethod
    def _send(address: str, method: str, path: str, body: bytes, headers: dict[str, str]):
        connection = http.client.HTTPConnection(address, timeout=60)
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text) if text else None, answer.headers
        except ValueError:
            return answer.status, None, answer.headers


class Work:
    """Submits jobs and follows each to its end, several at a time."""

    def __init__(self, deployment: Deployment, customers: list[Customer], seed: int, by_url: float) -> None:
        """`by_url`: the share of jobs that name a URL."""
        self._deployment, self._customers, self._by_url = deployment, customers, by_url
        self._rng = random.Random(seed)
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self.records: list[dict] = []
        self.faults: list[str] = []
        self.submitted = self.ended = 0

    def begin(self, at_once: threading.Semaphore) -> None:
        """Starts one more job, as soon as there is room for it."""
        at_once.acquire()
        rng = random.Random(self._rng.random())
        thread = threading.Thread(target=self._one, args=(rng, len(self._threads), at_once), daemon=True)
        self._threads.append(thread)
        thread.start()

    def wait(self, patience: float) -> bool:
        """Whether all jobs have ended by then."""
        until = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _one(self, rng: random.Random, number: int, at_once: threading.Semaphore) -> None:
        try:
            record = _plan(rng, number, rng.choice(self._customers), self._by_url)
            with self._lock:
                self.records.append(record)
            self._follow(rng, record)
        except Exception as fault:  # Whatever it is, the verdict must be red for it.
            with self._lock:
                self.faults.append(f"job {number}: {fault!r}")
        finally:
            at_once.release()
            with self._lock:
                self.ended += 1

    def _follow(self, rng: random.Random, record: dict) -> None:
        customer: Customer = record.pop("customer")
        said: audio.Script = record.pop("script")
        tenant = customer.tenant
        file = self._deployment.recordings / f"{record['number']}.{record['container']}"
        audio.write(said, file)
        record["submitted"] = time.time()
        own = self._deployment.hook(tenant, "own") if tenant.hooks == "own" else None
        if own:
            record["endpoints"] = ["own"]
        record["id"] = self._submit(customer, record, file, own)
        record["accepted"] = time.time()
        with self._lock:
            self.submitted += 1
        if record["via"] == "upload":
            file.unlink()
        if record["cancel"]:
            time.sleep(rng.uniform(0, 4))
            customer.call("POST", f"/jobs/{record['id']}/cancel")
        job = _end(customer, record["id"])
        file.unlink(missing_ok=True)
        record.update(status=job["status"], ended=time.time(), duration=job["duration_seconds"])
        record["error"] = job["error"] and f"{job['error']['code']}/{job['error'].get('reason')}"
        if job["status"] == "completed":
            words = [word for segment in customer.get(f"/jobs/{record['id']}/transcript?format=json")["segments"] for word in segment["words"]]
            record["heard"] = " ".join(word["text"].strip() for word in words)
            record["deviation"] = max((abs(word["start"] - own.start) for word, own in zip(words, said.words)), default=0)

    def _submit(self, customer: Customer, record: dict, file: Path, hook: str | None) -> str:
        fields = {"diarize": str(record["diarize"]).lower(), "metadata": json.dumps({"number": record["number"]})}
        if hook:
            fields["webhook_url"] = hook
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        if record["via"] == "url":
            content = {**fields, "diarize": record["diarize"], "metadata": {"number": record["number"]},
                       "source_url": f"{self._deployment.receiver}/audio/{file.name}"}
            body, headers["Content-Type"] = json.dumps(content).encode(), "application/json"
        else:
            body, headers["Content-Type"] = _form(fields, file)
        status, content, _ = customer.call("POST", "/jobs", body, headers)
        if status != 202:
            raise GaveUp(f"POST /jobs: {status} {content}")
        return content["job_id"]


def _plan(rng: random.Random, number: int, customer: Customer, by_url: float) -> dict:
    channels = 2 if rng.random() < 0.3 else 1
    kind = rng.random()
    # Most are short, some have several chunks, a few are long enough for the slots of long recordings.
    seconds = rng.uniform(8, 40) if kind < 0.9 else rng.uniform(120, 260) if kind < 0.985 else rng.uniform(610, 700)
    container = rng.choice([name for name in audio.CONTAINERS if seconds < 300 or name in ("mp3", "ogg", "opus", "m4a", "webm")])
    said = audio.script(rng, seconds, channels)
    return {
        "number": number, "id": f"job {number}", "customer": customer, "tenant": customer.tenant.id, "script": said,
        "said": " ".join(said.text), "heard": "", "seconds": said.seconds, "channels": channels, "container": container,
        "via": "url" if rng.random() < by_url else "upload", "diarize": rng.random() < 0.6, "cancel": rng.random() < 0.04,
        "endpoints": customer.tenant.endpoints, "status": "not submitted", "duration": None, "deviation": 0, "error": None,
    }


def _end(customer: Customer, job: str) -> dict:
    """The job when it has ended; asked for as often as the service says."""
    until = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < until:
        _, content, headers = customer.call("GET", f"/jobs/{job}")
        if content.get("status") in _ENDED:
            return content
        time.sleep(float(headers.get("Retry-After", 1)))
    raise GaveUp(f"{job} did not end")


def _form(fields: dict[str, str], file: Path) -> tuple[bytes, str]:
    boundary = secrets.token_hex(16)
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n\r\n')
    return "".join(parts).encode() + file.read_bytes() + f"\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"
