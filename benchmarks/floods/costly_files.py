"""Another account's upload while a free account sends files that are costly to refuse, as many at a time as it likes.

    python3 -m floods.costly_files ADDRESS FILE COSTLY_FILE

from benchmarks/, with the API keys of the other account and of the free one in VERBATIM_BENCH_KEY and VERBATIM_BENCH_FREE_KEY. Prints one
line of JSON: how long the other account's uploads of FILE took, without and beside the free account's of COSTLY_FILE."""

import collections
import http.client
import json
import os
import sys
import threading
import time
import urllib.parse

AT_ONCE = 24
SECONDS = 30


class Account:
    def __init__(self, address: str, key: str) -> None:
        parts = urllib.parse.urlsplit(address)
        self._host, self._port = parts.hostname, parts.port
        status, answer = self._call("/auth/token", json.dumps({"api_key": key}).encode(), "application/json", "")
        if status != 200:
            raise SystemExit(f"the login was answered {status}")
        self._token = answer["access_token"]

    def upload(self, file: bytes) -> int:
        body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + file + b"\r\n--b--\r\n"
        try:
            return self._call("/jobs", body, "multipart/form-data; boundary=b", self._token)[0]
        except OSError:
            return 0

    def _call(self, path: str, body: bytes, kind: str, token: str) -> tuple[int, dict]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=300)
        try:
            headers = {"Content-Type": kind, **({"Authorization": f"Bearer {token}"} if token else {})}
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        finally:
            connection.close()


def measure(account: Account, file: bytes, seconds: float) -> dict:
    times, statuses, until = [], collections.Counter(), time.monotonic() + seconds
    while time.monotonic() < until:
        begun = time.monotonic()
        statuses[account.upload(file)] += 1
        times.append(time.monotonic() - begun)
        time.sleep(0.2)
    times.sort()
    return {
        "uploads": len(times),
        "statuses": statuses,
        "p50": round(times[len(times) // 2], 3),
        "worst": round(times[-1], 3),
    }


def main() -> None:
    address, file, costly = sys.argv[1:]
    with open(file, "rb") as one, open(costly, "rb") as other:
        good, bad = one.read(), other.read()
    customer = Account(address, os.environ["VERBATIM_BENCH_KEY"])
    free = Account(address, os.environ["VERBATIM_BENCH_FREE_KEY"])
    load = os.getloadavg()[0]
    alone = measure(customer, good, SECONDS / 3)
    end, statuses = threading.Event(), collections.Counter()

    def flood() -> None:
        while not end.is_set():
            status = free.upload(bad)
            statuses[status] += 1
            if status == 429:
                time.sleep(0.1)

    threads = [threading.Thread(target=flood, daemon=True) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    time.sleep(2)
    beside = measure(customer, good, SECONDS)
    end.set()
    print(json.dumps({"load_before": round(load, 1), "alone": alone, "beside": beside, "free account": statuses}))


if __name__ == "__main__":
    main()
