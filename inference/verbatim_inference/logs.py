"""Logs JSON lines to standard error, without texts of transcripts, names of files or messages of exceptions."""

import datetime
import json
import logging
import sys
import threading
import traceback

_lock = threading.Lock()


def event(name: str, level: str = "info", **fields) -> None:
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = json.dumps({"time": now, "level": level, "event": name, **fields}, default=str)
    with _lock:
        try:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):  # the reader of the logs is gone; work on
            pass


def failure(name: str, error: BaseException) -> None:
    """Logs where an unexpected error came from: its type and its last lines of code, but not its text."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    event(name, "error", error=type(error).__name__, at=[f"{f.filename.rpartition('/')[2]}:{f.lineno}" for f in frames])


class _Handler(logging.Handler):
    """Logs libraries' warnings as events. A message may contain anything, so only its fixed part is logged."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1]:
            failure(record.name, record.exc_info[1])
        else:
            event(record.name, record.levelname.lower(), message=str(record.msg)[:200] if record.args else "")


def install() -> None:
    logging.basicConfig(handlers=[_Handler()], level=logging.WARNING, force=True)
