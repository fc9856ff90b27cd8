"""A small HTTP client for servers on this machine: JSON answers, and forms with a file that is streamed from disk."""

import http.client
import json
import pathlib
import secrets
import urllib.parse

_BLOCK = 1 << 20


class Refused(Exception):
    """An answer with another status than 2xx. `code` is what the server calls the error."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        try:
            problem = json.loads(body)
            self.code = str(problem.get("reason") or problem.get("error") or problem.get("detail"))
        except (ValueError, AttributeError):
            self.code = "no JSON"
        super().__init__(f"status {status}: {self.code}")


class Client:
    def __init__(self, url: str, token: str = "", timeout: float = 60) -> None:
        """`timeout`: seconds without a byte."""
        address = urllib.parse.urlsplit(url)
        self._host, self._port = address.hostname, address.port
        self._timeout = timeout
        self.token = token

    def get(self, path: str):
        return self._send("GET", path, b"", {})

    def post(self, path: str, body: dict):
        return self._send("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def post_file(self, path: str, file: pathlib.Path, fields: list[tuple[str, str]]):
        """A multipart form: the fields, then the file as the part `file`."""
        boundary = secrets.token_hex(16)
        head = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields
        )
        head += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
        head += "Content-Type: audio/wav\r\n\r\n"
        tail = f"\r\n--{boundary}--\r\n"
        size = len(head.encode()) + file.stat().st_size + len(tail)

        def blocks():
            yield head.encode()
            with open(file, "rb") as opened:
                while block := opened.read(_BLOCK):
                    yield block
            yield tail.encode()

        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Content-Length": str(size)}
        return self._send("POST", path, blocks(), headers)

    def _send(self, method: str, path: str, body, headers: dict[str, str]):
        """The JSON of a 2xx answer, None for an empty one. Raises `Refused`, `OSError`."""
        if self.token:
            headers = {**headers, "Authorization": f"Bearer {self.token}"}
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
        except http.client.HTTPException as error:
            raise OSError(f"no HTTP answer to {method} {path} ({type(error).__name__})") from error
        finally:
            connection.close()
        if not 200 <= answer.status < 300:
            raise Refused(answer.status, content)
        return json.loads(content) if content else None
