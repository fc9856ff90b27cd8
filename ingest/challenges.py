"""Has yt-dlp solve the riddles that some sites set in JavaScript, without a program that it would have to start.

yt-dlp knows of runtimes and of providers that use them. This gives it one of each: a runtime that is in no file of its own, and a provider
that hands the script over a pair of sockets to `solver.py`, a process with a cage of its own. The worker starts that when the first script
comes. What comes back is a stranger's: it is bounded here, and yt-dlp checks what it is.

It uses parts of yt-dlp that may change with any version. `register` then says no: pages go on without, and whoever asks is told.
"""

import os
import socket
import struct
import time

#: What yt-dlp is told to use, and by which no program is looked for.
NAME = "caged"
LONGEST = 16 << 20
#: For one script, by the clock: a busy machine is several times slower than its CPU seconds.
PATIENCE = 300.0


def version(packages: str) -> str | None:
    """Of QuickJS, where it and the scripts for it are installed."""
    names = os.listdir(packages) if os.path.isdir(packages) else []
    found = [name for name in names if name.startswith("quickjs_ng-") and name.endswith(".dist-info")]
    is_complete = "yt_dlp_ejs" in names and any(name.startswith("_quickjs.") for name in names)
    return found[0][len("quickjs_ng-"):-len(".dist-info")] if found and is_complete else None


class Solver:
    """The way to the other process, which there is at most one of."""

    def __init__(self, ask: object):
        self._ask = ask
        self._connection = None
        self._is_over = False

    def run(self, script: str) -> str:
        """What the script printed; OSError where there is no answer, ValueError where the answer is that it failed."""
        text = script.encode()
        if len(text) > LONGEST:
            raise ValueError("the script is too long")
        if self._is_over:
            raise OSError("what runs JavaScript has ended")
        try:
            if self._connection is None:
                self._connection = socket.socket(fileno=self._ask())
            deadline = time.monotonic() + PATIENCE
            self._connection.settimeout(PATIENCE)
            self._connection.sendall(struct.pack("!I", len(text)) + text)
            (length,) = struct.unpack("!I", self._receive(4, deadline))
            if not 0 < length <= LONGEST + 1:
                raise OSError("an answer of an impossible length")
            answer = self._receive(length, deadline).decode(errors="replace")
        except OSError:
            # Nobody knows where the next answer would begin, and a script may be at work still.
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
                raise OSError("what runs JavaScript has ended")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


def register(packages: str, ask: object) -> bool:
    """Makes QuickJS known to yt-dlp; `ask` gives a descriptor that leads to it. False where it is not there, or yt-dlp too different."""
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
                    raise JsChallengeProviderError(f"the script was not run to its end: {error}", expected=True) from error

        register_provider(CagedJCP)
        register_preference(CagedJCP)(lambda *_: 2000)
        supported_js_runtimes.value[NAME] = CagedJsRuntime
    except Exception:  # whatever another version has put in their place
        return False
    return True
