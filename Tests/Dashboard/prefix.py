"""The dashboard behind a proxy that puts a path in front of everything."""

import http.client
import http.server
import threading
import urllib.parse
from contextlib import contextmanager

from playwright.sync_api import expect

PREFIX = "/transcripts/v1"


@contextmanager
def proxy(url):
    """Passes what is below the prefix on to the service, without the prefix, and knows nothing else."""
    target = urllib.parse.urlsplit(url)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self):
            if not self.path.startswith(PREFIX + "/"):
                self.send_error(404)
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            connection = http.client.HTTPConnection(target.hostname, target.port)
            connection.request(self.command, self.path[len(PREFIX):], body, {name: value for name, value in self.headers.items() if name != "Host"})
            answer = connection.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "server", "date"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)
            connection.close()

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = forward

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run(visitor, scene):
    page = visitor.page
    visitor.set_password(scene["invitation"])
    expect(page).to_have_url(f"{visitor.url}/app/jobs")
    page.get_by_role("row").filter(has_text=scene["name"]).get_by_role("link").click()
    expect(page.get_by_role("article").first).to_be_visible()
    # Opened there, too, where addresses have more parts.
    page.reload()
    expect(page.get_by_role("article").first).to_be_visible()
    page.get_by_role("link", name="Webhooks").click()
    page.get_by_role("link", name="127.0.0.1:9/hook").click()
    expect(page.get_by_role("heading", name="Deliveries")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Webhooks")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{visitor.url}/app/sign-in")
    visitor.open("")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def answers(url):
    """What the service says of its files: kept for good under their own version, asked for again under another."""
    target = urllib.parse.urlsplit(url)

    def get(path):
        connection = http.client.HTTPConnection(target.hostname, target.port)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()

    status, headers, page = get("/app/jobs/x")
    assert status == 200 and '<base href="../">' in page and headers["Cache-Control"] == "no-cache"
    assert "script-src 'self';" in headers["Content-Security-Policy"] and "trusted-types 'none'" in headers["Content-Security-Policy"]
    asset = page.split('src="')[1].split('"')[0]
    status, headers, script = get(f"/app/{asset}")
    assert status == 200 and "immutable" in headers["Cache-Control"] and headers["Content-Type"].startswith("text/javascript")
    version = asset.split("/")[1]
    status, headers, same = get(f"/app/{asset.replace(version, 'f' * len(version))}")
    assert status == 200 and same == script and headers["Cache-Control"] == "no-cache"
    for path in (f"/app/assets/{version}/nothing.js", f"/app/assets/{version}/../../openapi.json", f"/app/assets/{version}/index.html", "/app/1/2/3/4/5/6"):
        assert get(path)[0] in (400, 404), path
