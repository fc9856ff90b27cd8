"""Lets yt-dlp solve the JavaScript challenges of some sites without starting a program.

yt-dlp has runtimes, and providers that use them. This module adds one of each: a runtime without an executable, and a provider
that sends the script through a pair of sockets to `solver.py`, a process in a sandbox of its own. The worker starts that process
when the first script arrives. Its answers are a stranger's data: their size is limited here, and yt-dlp checks their content.

It uses parts of yt-dlp that may change with any version. `register` then returns False. Pages work without JavaScript, and the
self-check reports that.
"""

import os
import socket
import struct
import time

#: The name of our runtime. yt-dlp does not look for a program with this name.
NAME = "caged"
#: The maximum size of a script, and of its answer, in bytes.
LONGEST = 16 << 20
#: Seconds for one script, in wall-clock time. On a busy machine that is several times the CPU time.
PATIENCE = 300.0


def version(packages: str) -> str | None:
    """Returns the version of QuickJS, or None if it or yt-dlp's scripts for it are not installed."""
    names = os.listdir(packages) if os.path.isdir(packages) else []
    found = [name for name in names if name.startswith("quickjs_ng-") and name.endswith(".dist-info")]
    is_complete = "yt_dlp_ejs" in names and any(name.startswith("_quickjs.") for name in names)
    return found[0][len("quickjs_ng-"):-len(".dist-info")] if found and is_complete else None


class Solver:
    """The connection to `solver.py`, of which there is at most one process."""

    def __init__(self, ask: object):
        self._ask = ask
        self._connection = None
        self._is_over = False

    def run(self, script: str) -> str:
        """Runs a script and returns what it printed. Raises OSError if no answer comes, ValueError if the script failed."""
        text = script.encode()
        if len(text) > LONGEST:
            raise ValueError("the script is too long")
        if self._is_over:
            raise OSError("the JavaScript process has ended")
        try:
            if self._connection is None:
                self._connection = socket.socket(fileno=self._ask())
            deadline = time.monotonic() + PATIENCE
            self._connection.settimeout(PATIENCE)
            self._connection.sendall(struct.pack("!I", len(text)) + text)
            (length,) = struct.unpack("!I", self._receive(4, deadline))
            if not 0 < length <= LONGEST + 1:
                raise OSError("the answer has an impossible length")
            answer = self._receive(length, deadline).decode(errors="replace")
        except OSError:
            # Where the next answer would begin is unknown, and a script may still run.
            self._is_over = True
            if self._connection is not None:
                self._connection.close()
            raise
        if answer[0] != "+":
            raise ValueError(answer[1:])
        return answer[1:]

    def _receive(self, count: int, deadline: float) -> bytes:
        parts = []
        while count > 0:
            self._connection.settimeout(max(0.01, deadline - time.monotonic()))
            part = self._connection.recv(min(count, 1 << 20))
            if not part:
                raise OSError("the JavaScript process has ended")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


def register(packages: str, ask: object) -> bool:
    """Registers QuickJS with yt-dlp. `ask` returns a descriptor that is connected to `solver.py`. Returns False if QuickJS is not
    installed, or if this version of yt-dlp is too different."""
    found = version(packages)
    if found is None:
        return False
    try:
        from yt_dlp.extractor.youtube.jsc._builtin.ejs import EJSBaseJCP
        from yt_dlp.extractor.youtube.jsc.provider import JsChallengeProviderError, register_preference, register_provider
        from yt_dlp.globals import supported_js_runtimes
        from yt_dlp.utils._jsruntime import JsRuntime, JsRuntimeInfo

        solver = Solver(ask)

        class CagedJsRuntime(JsRuntime):
            def _info(self):
                numbers = tuple(int(part) for part in found.split(".") if part.isdigit())
                return JsRuntimeInfo(name="quickjs-ng", path="", version=found, version_tuple=numbers)

        class CagedJCP(EJSBaseJCP):
            PROVIDER_NAME = NAME
            PROVIDER_VERSION = found
            JS_RUNTIME_NAME = NAME

            def _run_js_runtime(self, stdin: str, /) -> str:
                try:
                    return solver.run(stdin)
                except (OSError, ValueError) as error:
                    raise JsChallengeProviderError(f"the script did not finish: {error}", expected=True) from error

        register_provider(CagedJCP)
        register_preference(CagedJCP)(lambda *_: 2000)
        supported_js_runtimes.value[NAME] = CagedJsRuntime
    except Exception:  # another version of yt-dlp may fail in any way
        return False
    return True
