"""Sends 100 MB through a proxy and stops in the middle: the node must have the first half by then, and the proxy nothing on disk."""

import glob
import os
import socket
import ssl
import sys
import time

SIZE = 100_000_000
SPOOL = "/var/lib/verbatim/scratch"
BUFFERS = ("/var/lib/nginx/body/*", "/var/lib/nginx/proxy/*")


def spooled() -> int:
    """The size of the largest file in the node's scratch folder: the upload, of which there is one."""
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(SPOOL) for name in names]
    return max([os.stat(path).st_size for path in paths] + [0])


def main(name: str, host: str, token: str) -> None:
    context = ssl._create_unverified_context()
    head = (f"POST /jobs HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\nConnection: close\r\n")
    start = b'--b\r\nContent-Disposition: form-data; name="file"; filename="noise.bin"\r\n\r\n'
    end = b"\r\n--b--\r\n"
    with socket.create_connection(("127.0.0.1", 443), timeout=300) as plain, \
            context.wrap_socket(plain, server_hostname=host) as connection:
        connection.sendall(f"{head}Content-Length: {len(start) + SIZE + len(end)}\r\n\r\n".encode() + start)
        block = b"\0" * 1_000_000
        for _ in range(50):
            connection.sendall(block)
        # The node writes in blocks of 1 MiB, and a little is on its way.
        deadline = time.monotonic() + 300
        while (arrived := spooled()) < 40_000_000:
            if time.monotonic() > deadline:
                sys.exit(f"package: {name} holds an upload back: {arrived} of 50,000,000 bytes arrived at the node")
            time.sleep(0.1)
        if held := [path for pattern in BUFFERS for path in glob.glob(pattern + "/**", recursive=True) if os.path.isfile(path)]:
            sys.exit(f"package: {name} wrote an upload to its disk: {held}")
        for _ in range(50):
            connection.sendall(block)
        connection.sendall(end)
        answer = connection.recv(65536)
    if not answer.startswith(b"HTTP/1.1 415 "):
        sys.exit(f"package: {name} answered 100 MB of zeros with {answer[:200]!r}")


main(*sys.argv[1:])
