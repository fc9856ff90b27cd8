"""The command: `serve --uds PATH` or `serve --host HOST --port N`. `--help` lists all options.

Exit status 0: after SIGTERM or SIGINT (running requests get 10 seconds), or when the parent has ended
(`--exit-with-stdin`). Exit status 1: the server cannot listen, or cannot load the model. One line on standard error says
why."""

import os

# Before numpy is imported, so that its linear algebra uses one thread per worker, too.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import asyncio
import contextlib
import signal
import sys
import threading

import uvicorn

from . import VERSION, listener, logs, model, options
from .app import create_app

_GRACE = 10  # seconds for running requests after SIGTERM


class _Server(uvicorn.Server):
    """uvicorn's server with our own signal handling: the first signal ends it gracefully with exit status 0, the second
    at once."""

    @contextlib.contextmanager
    def capture_signals(self):
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True


def main() -> int:
    parser = argparse.ArgumentParser(prog="serve", description="Verbatim's model server")
    parser.add_argument("--version", action="version", version=f"verbatim model server {VERSION}")
    parser.add_argument("--uds", metavar="PATH", help="listen on a Unix socket (mode 0600)")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=options.whole_number, help="0: any free port, printed to the log")
    parser.add_argument("--exit-with-stdin", action="store_true", help="end at once when standard input closes")
    try:
        options.add_arguments(parser)
    except options.OptionsError as error:
        parser.error(str(error))
    arguments = parser.parse_args()
    if (arguments.uds is None) == (arguments.port is None):
        parser.error("give either --uds or --port")
    if arguments.exit_with_stdin:
        threading.Thread(target=_exit_with_stdin, args=(arguments.uds,), daemon=True).start()
    logs.install()
    try:
        chosen = options.from_arguments(arguments)
        model.check(chosen)
        socket = listener.unix(arguments.uds) if arguments.uds else listener.tcp(arguments.host, arguments.port)
        socket.listen(128)  # clients can connect from here on, though the rest takes a moment
    except (listener.ListenError, model.ModelError, OSError) as error:
        print(f"inference: {error}", file=sys.stderr)
        return 1
    logs.event("listening", address=listener.address(socket))
    failure = _serve(chosen, socket)
    _remove(arguments.uds)
    if failure:
        print(f"inference: {failure}", file=sys.stderr)
    return 1 if failure else 0


def _serve(chosen: options.Options, socket) -> str | None:
    failures: list[str] = []

    def fail(reason: str) -> None:
        failures.append(reason)
        server.should_exit = True

    app = create_app(chosen, fail)
    configuration = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=_GRACE,
    )
    server = _Server(configuration)
    server.run(sockets=[socket])
    return failures[0] if failures else None


def _exit_with_stdin(path: str | None) -> None:
    """Ends the process when standard input closes: the parent, which has the other end, is gone."""
    while os.read(0, 4096):
        pass
    _remove(path)
    os._exit(0)


def _remove(path: str | None) -> None:
    if path:
        with contextlib.suppress(OSError):
            os.unlink(path)


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # Threads of the model's library may still work on abandoned requests. Do not wait for them.
    os._exit(code)
