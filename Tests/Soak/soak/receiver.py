"""A customer's server: it takes webhooks, and has the recordings that jobs name by URL.

POST /hook/TENANT/ENDPOINT takes an event: its two signatures are checked with the tenant's secret, and each arrival is a line of JSON in `--file`. A share
of the events is answered 500, never, or by a connection that is cut. POST /calm ends that. POST /secrets brings the
secrets, as JSON by tenant. GET /audio/NAME is a file of `--audio`. Prints a line of JSON (port) when it is ready, and ends when its standard input does."""

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import random
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FAULTS = ("500", "hang", "cut")


def is_signed(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Whether both signatures are right. `headers` have lower-case names."""
    plain = hmac.new(secret.encode(), body, "sha256").hexdigest()
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return False
    text = f"{headers.get('webhook-id')}.{headers.get('webhook-timestamp')}.".encode() + body
    standard = "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(plain, headers.get("x-transcription-signature", "")) and any(
        hmac.compare_digest(standard, given) for given in headers.get("webhook-signature", "").split()
    )


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Receiver"

    def do_GET(self) -> None:
        file = self.server.audio / Path(self.path).name
        try:
            self._answer(200, file.read_bytes(), "application/octet-stream")
        except OSError:
            self._answer(404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/calm":
            self.server.share = 0
        elif self.path == "/secrets":
            self.server.secrets = json.loads(body)
        else:
            self._take(body)
            return
        self._answer(204)

    def _take(self, body: bytes) -> None:
        _, tenant, endpoint = self.path.strip("/").split("/")
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault = self.server.next_fault()
        event = json.loads(body)
        self.server.note({
            "at": time.time(), "tenant": tenant, "endpoint": endpoint, "event": event["event"], "event_id": event["event_id"],
            "job": event.get("job_id"), "status": event.get("status"), "seconds": event.get("duration_seconds"),
            "signed": is_signed(self.server.secrets.get(tenant, ""), headers, body),
            "body": hashlib.sha256(body).hexdigest(), "answer": fault or "200",
        })
        if fault is None:
            self._answer(200)
        elif fault == "500":
            self._answer(500)
        else:
            if fault == "hang":
                self.server.calm_down(20)
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, status: int, body: bytes = b"", kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass


class Receiver(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, file: Path, audio: Path, share: float, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.audio, self.share, self.secrets = audio, share, {}
        self._rng, self._lock = random.Random(seed), threading.Lock()
        self._output = open(file, "a", encoding="utf-8")

    def next_fault(self) -> str | None:
        with self._lock:
            return self._rng.choice(FAULTS) if self._rng.random() < self.share else None

    def note(self, arrival: dict) -> None:
        with self._lock:
            self._output.write(json.dumps(arrival) + "\n")
            self._output.flush()

    def calm_down(self, seconds: float) -> None:
        """Says nothing for that long; less if the faults end meanwhile."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.share:
            time.sleep(0.2)

    def handle_error(self, request, client_address) -> None:
        """A sender that went away is none of its business; anything else is a defect of this program."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main() -> None:
    parser = argparse.ArgumentParser(prog="receiver")
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--audio", type=Path, required=True)
    parser.add_argument("--faults", type=float, default=0, help="share of events that are not acknowledged")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    server = Receiver(arguments.file, arguments.audio, arguments.faults, arguments.seed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_address[1]}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
