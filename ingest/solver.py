"""Runs the JavaScript that a site hands to yt-dlp, for which it has a riddle to be solved, within bounds that it cannot leave.

Standard input is one end of a pair of sockets; `child.py`, which yt-dlp runs in, has the other one. Each script comes as its length in
four bytes and its text, and is answered by the length, a sign, and what the script printed last (`+`) or why it came to nothing (`-`).
Each gets a fresh context of QuickJS, an interpreter: it needs no memory that is written and run, no thread and no file. What bounds it:

- QuickJS itself: the script finds no module, file, clock to wait for or program, and gets so much memory, stack and time;
- the kernel, as `cage.py` asks it to, in two steps: the cage before anything of QuickJS is loaded, and before the first script the seal,
  under which a process reads and writes what is open, asks for memory, and ends;
- limits on CPU time, memory and time, which end it where QuickJS does not;
- whoever asked: when the other end is closed, the kernel ends this process, also in the middle of a script.

Arguments: CPU seconds, bytes of memory, seconds by the clock. With --self-check it tells in one line of JSON what the kernel refuses, and
what QuickJS makes of six times seven. Exit status 70 without a cage, 69 without QuickJS.
"""

import ctypes
import errno
import fcntl
import importlib.machinery
import importlib.util
import json
import os
import select
import signal
import struct
import sys

# Started without `site`: whatever lies in yt-dlp's environment would run before the cage is shut.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cage  # noqa: E402

sys.path.pop(0)

#: Of a script, and of what it may answer.
LONGEST = 16 << 20
#: Of what is said of a failure.
LONGEST_COMPLAINT = 500
#: What QuickJS itself is to see to, within the limits on the process.
SCRIPT_SECONDS, STACK_BYTES = 60, 4 << 20

PRELUDE = "globalThis.printed = undefined; globalThis.console = {log(text) { printed = text; }};"


def find_runtime() -> object:
    """Where QuickJS lies; None where it does not."""
    packages = os.path.join(
        os.path.dirname(os.path.dirname(os.path.abspath(sys.executable))),
        "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")
    return importlib.machinery.PathFinder.find_spec("_quickjs", [packages])


def load(spec: object) -> object:
    """By its one file: in the cage its folder cannot be listed."""
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shut_in(spec: object, bounds: dict) -> tuple:
    """Enters the cage, loads QuickJS there, and seals. Answers QuickJS, and whether the kernel bounds files from the beginning."""
    try:
        files = cage.enter(bounds, None, (spec.origin, *cage.libraries()), seals=True)
        runtime = load(spec)
        cage.seal()
    except cage.CageError as error:
        print(f"solver: {error}", file=sys.stderr)
        os._exit(70)
    except (ImportError, OSError) as error:
        print(f"solver: {error}", file=sys.stderr)
        os._exit(69)
    return runtime, files


def solve(runtime: object, script: bytes, memory: int) -> tuple:
    """Whether it printed something, and what; else why not."""
    try:
        context = runtime.Context()
        # What Python needs besides stays out of its reach.
        context.set_memory_limit(memory // 2)
        context.set_max_stack_size(STACK_BYTES)
        context.set_time_limit(SCRIPT_SECONDS)
        context.eval(PRELUDE)
        context.eval(script.decode())
        text = context.eval("printed")
        if not isinstance(text, str):
            return False, "it printed nothing"
        answer = text.encode()
        return (True, answer) if len(answer) < LONGEST else (False, "it printed too much")
    except MemoryError:
        return False, "out of memory"
    except Exception as error:  # whatever its own code or QuickJS throws
        return False, str(error)[:LONGEST_COMPLAINT]


def receive(count: int) -> bytes:
    """So many bytes; the end of this process where there are no more."""
    parts = []
    while count > 0:
        part = os.read(0, min(count, 1 << 20))
        if not part:
            os._exit(0)
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def watch(begins: bool) -> None:
    """While a script runs the kernel sends SIGIO, which ends this process, as soon as the other end is closed."""
    flags = fcntl.fcntl(0, fcntl.F_GETFL)
    fcntl.fcntl(0, fcntl.F_SETFL, flags | os.O_ASYNC if begins else flags & ~os.O_ASYNC)
    if begins:
        end = select.poll()
        end.register(0, select.POLLRDHUP)
        if end.poll(0):
            os._exit(0)


def serve(runtime: object, memory: int) -> None:
    while True:
        (length,) = struct.unpack("!I", receive(4))
        if length > LONGEST:
            os._exit(64)
        script = receive(length)
        watch(True)
        works, answer = solve(runtime, script, memory)
        watch(False)
        body = b"+" + answer if works else b"-" + answer.encode(errors="replace")
        left = memoryview(struct.pack("!I", len(body)) + body)
        while left:
            left = left[os.write(0, left):]


def refused(result: int) -> bool:
    return result == -1 and ctypes.get_errno() == errno.EPERM


def check(spec: object) -> None:
    runtime, files = shut_in(spec, {"cpu_seconds": 60, "file_bytes": 1 << 20, "memory_bytes": 1 << 30})
    report = cage.self_check(files)
    # Sealed it opens none, with Landlock or without, and makes no memory executable: 34 is of nobody and nothing else.
    report["refuses_files"] = refused(cage.LIBRARY.open(b"/dev/null", 0))
    report["refuses_code"] = refused(cage.LIBRARY.mmap(None, ctypes.c_size_t(4096), 5, 34, -1, ctypes.c_long(0)))
    report["solves"] = solve(runtime, b"console.log(String(6 * 7))", 1 << 30) == (True, b"42")
    os.write(1, json.dumps(report).encode() + b"\n")
    os._exit(0 if report["solves"] else 69)


def main() -> None:
    spec = find_runtime()
    if spec is None or spec.origin is None:
        print("solver: there is no QuickJS", file=sys.stderr)
        sys.exit(69)
    if sys.argv[1:] == ["--self-check"]:
        return check(spec)
    cpu, memory, wall = (int(argument) for argument in sys.argv[1:])
    # Nothing but that pair of sockets.
    os.closerange(3, 1024)
    # Whoever started this may have had signals blocked or ignored, which is inherited.
    for number in (signal.SIGIO, signal.SIGALRM, signal.SIGXCPU):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    signal.alarm(wall)
    runtime, _ = shut_in(spec, {"cpu_seconds": cpu, "file_bytes": 0, "memory_bytes": memory})
    try:
        serve(runtime, memory)
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
