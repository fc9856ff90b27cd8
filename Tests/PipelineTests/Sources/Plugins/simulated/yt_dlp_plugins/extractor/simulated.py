"""A site by name, as yt-dlp's own extractors know theirs: what lies behind /watch/ID stands at /about/ID."""

import os

from yt_dlp.extractor.common import InfoExtractor


class SimulatedIE(InfoExtractor):
    _VALID_URL = r"(?P<site>https?://[^/]+)/watch/(?P<id>\w+)"

    def _real_extract(self, url):
        site, video = self._match_valid_url(url).group("site", "id")
        # Whoever serves it learns which process asks.
        about = self._download_json(f"{site}/about/{video}", video, query={"pid": os.getpid()})
        if says := about.pop("says", None):
            self.raise_no_formats(says, expected=True)
        if parts := about.pop("parts", None):
            return self.playlist_result(
                ({"id": f"{video}{number}", "title": video, **part} for number, part in enumerate(parts)), video,
                multi_video=True)
        return {"id": video, "title": video, **about}


class EscapingIE(InfoExtractor):
    """Tries what a captured extractor would: every way around the proxy, and out of the folder."""

    _VALID_URL = r"(?P<site>https?://[^/]+)/escape/(?P<port>\d+)/(?P<outside>\w+)"

    def _real_extract(self, url):
        import ctypes
        import socket
        import sqlite3
        import subprocess
        import sys

        site, port, outside = self._match_valid_url(url).group("site", "port", "outside")
        outside = bytes.fromhex(outside).decode()
        tries = {
            "connect": lambda: socket.create_connection(("127.0.0.1", int(port)), 5),
            "resolve": lambda: socket.getaddrinfo("localhost", int(port)),
            "datagram": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", int(port))),
            "start": lambda: subprocess.run(["/bin/true"]),
            "system": lambda: os.system("true"),
            "fork": lambda: os.fork() or os._exit(0),
            "write": lambda: open(outside + "/written", "w"),
            "create": lambda: os.open(outside + "/created", os.O_CREAT | os.O_WRONLY),
            "make": lambda: os.mkdir(outside + "/made"),
            "move": lambda: os.rename("own", outside + "/moved"),
            "link": lambda: os.symlink(outside, "way-out"),
            "read": lambda: open(outside + "/secret").read(),
            "list": lambda: os.listdir(outside),
            "parent": lambda: open(f"/proc/{os.getppid()}/environ", "rb").read(),
            "sideways": lambda: os.open(
                outside[1:] + "/sideways", os.O_CREAT | os.O_WRONLY, dir_fd=os.open("/", os.O_RDONLY)),
            "database": lambda: sqlite3.connect(outside + "/database").execute("CREATE TABLE made (it)"),
            "native": lambda: ctypes.CDLL(None).getpid(),
            "symbol": lambda: ctypes.pythonapi.Py_IsInitialized(),
            "local": lambda: socket.socket(socket.AF_UNIX),
            "query": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
            "unheard": lambda: unheard(),
        }

        def unheard():
            # Past the hook: the kernel is left.
            audit, sys.audit = sys.audit, lambda *_: None
            try:
                subprocess.run(["/bin/true"])
            finally:
                sys.audit = audit

        open("own", "w").close()
        done = []
        for name, attempt in tries.items():
            try:
                attempt()
                done.append(name)
            except PermissionError:
                pass
        self._download_webpage(f"{site}/report?" + "+".join(done), "report")
        self.raise_no_formats("reported", expected=True)


class MisbehavingIE(InfoExtractor):
    """Fails as extractors and machines do."""

    _VALID_URL = r"(?P<site>https?://[^/]+)/misbehave/(?P<id>\w+)"

    def _real_extract(self, url):
        site, how = self._match_valid_url(url).group("site", "id")
        getattr(self, how)(site)
        return {"id": how, "title": how, "url": f"{site}/media.mp3", "ext": "mp3"}

    def crash(self, _):
        raise AttributeError("'NoneType' object has no attribute 'password'")

    def lazy(self, _):
        import yt_dlp.none_of_that_name  # noqa: F401

    def memory(self, _):
        _ = bytearray(4 << 30)

    def burn(self, _):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (1, 3))
        while True:
            pass

    def full(self, _):
        """No file takes anything any more."""
        import errno

        from yt_dlp.downloader.http import HttpFD

        def opening(downloader, *arguments):
            stream, name = opened(downloader, *arguments)

            class Full:
                name = stream.name

                def write(self, _):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

                def __getattr__(self, attribute):
                    return getattr(stream, attribute)

            return Full(), name

        opened, HttpFD.sanitize_open = HttpFD.sanitize_open, opening


class WanderingIE(InfoExtractor):
    """Asks for every URL of a list, as a captured extractor might, and tells how many those were and which were answered."""

    _VALID_URL = r"(?P<site>https?://[^/]+)/wander/(?P<id>\w+)"

    def _real_extract(self, url):
        site, name = self._match_valid_url(url).group("site", "id")
        urls = self._download_json(f"{site}/list/{name}", name)
        answered = []
        for number, target in enumerate(urls):
            try:
                self._request_webpage(target, name, note=False)
                answered.append(str(number))
            except Exception:  # whatever it is: it was no answer
                pass
        self._download_webpage(f"{site}/report?{len(urls)}:" + "+".join(answered), "report")
        self.raise_no_formats("reported", expected=True)
