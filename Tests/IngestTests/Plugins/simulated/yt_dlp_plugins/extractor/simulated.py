"""A site by name, as yt-dlp's own extractors know theirs: what lies behind /watch/ID stands at /about/ID."""

from yt_dlp.extractor.common import InfoExtractor


class SimulatedIE(InfoExtractor):
    _VALID_URL = r"(?P<site>https?://[^/]+)/watch/(?P<id>\w+)"

    def _real_extract(self, url):
        site, video = self._match_valid_url(url).group("site", "id")
        about = self._download_json(f"{site}/about/{video}", video)
        if says := about.pop("says", None):
            self.raise_no_formats(says, expected=True)
        return {"id": video, "title": video, **about}


class EscapingIE(InfoExtractor):
    """Tries what a captured extractor would: every way around the proxy, and out of the folder."""

    _VALID_URL = r"(?P<site>https?://[^/]+)/escape/(?P<port>\d+)/(?P<outside>\w+)"

    def _real_extract(self, url):
        import os
        import socket
        import subprocess

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
        }
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
