import http.server
import json
import pathlib
import tempfile
import threading
import unittest

from bench.client import Client, Refused


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self._answer()

    def do_POST(self):
        self._answer()

    def _answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append((self.command, self.path, dict(self.headers), body))
        status, content = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class ClientTests(unittest.TestCase):
    def setUp(self):
        self.server = http.server.HTTPServer(("127.0.0.1", 0), _Handler)
        self.server.requests, self.server.answer = [], (200, b'{"ok":true}')
        thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.client = Client(f"http://127.0.0.1:{self.server.server_port}", "secret")

    def test_a_form_carries_its_fields_and_the_whole_file(self):
        content = bytes(range(256)) * 10_000  # more than two blocks
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            file.write(content)
            file.flush()
            self.client.post_file("/jobs", pathlib.Path(file.name), [("diarize", "true")])
        ((method, path, headers, body),) = self.server.requests
        self.assertEqual((method, path, headers["Authorization"]), ("POST", "/jobs", "Bearer secret"))
        boundary = headers["Content-Type"].partition("boundary=")[2].encode()
        parts = body.split(b"--" + boundary)
        self.assertEqual(len(parts), 4)
        self.assertEqual((parts[0], parts[3]), (b"", b"--\r\n"))
        self.assertTrue(parts[1].endswith(b'name="diarize"\r\n\r\ntrue\r\n'))
        head, _, sent = parts[2].partition(b"\r\n\r\n")
        self.assertIn(b'name="file"; filename="', head)
        self.assertEqual(sent, content + b"\r\n")

    def test_a_refusal_has_the_status_and_the_code_of_the_problem(self):
        self.server.answer = (415, json.dumps({"error": "invalid_audio", "reason": "empty_audio"}).encode())
        with self.assertRaises(Refused) as caught:
            self.client.post("/jobs", {})
        self.assertEqual((caught.exception.status, caught.exception.code), (415, "empty_audio"))

    def test_a_refusal_without_json_is_one_too(self):
        self.server.answer = (502, b"<html>")
        with self.assertRaises(Refused) as caught:
            self.client.get("/readyz")
        self.assertEqual((caught.exception.status, caught.exception.code), (502, "no JSON"))

    def test_a_server_that_is_not_there_is_an_oserror(self):
        gone = Client("http://127.0.0.1:1")
        with self.assertRaises(OSError):
            gone.get("/")


if __name__ == "__main__":
    unittest.main()
