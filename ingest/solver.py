"""Runs the JavaScript challenges that sites give to yt-dlp, in a sandbox.

Standard input is one end of a pair of sockets; `child.py`, which runs yt-dlp, has the other. A script arrives as its length in four
bytes and its text. The answer is its length, a sign, and what the script printed last (`+`) or why it failed (`-`).

Each script gets a fresh context of QuickJS. QuickJS is an interpreter: it needs no executable memory, no thread and no file. These
restrict a script:

- QuickJS itself: a script has no modules, files, timers or programs, and limited memory, stack and time.
- The kernel, set up by `cage.py` in two steps: the sandbox before QuickJS is loaded, and the seal before the first script. A
  sealed process can only read and write open descriptors, allocate memory, and exit.
- Limits on CPU time, memory and wall-clock time, which end the process if QuickJS does not end the script.
- `child.py`: if its end of the sockets is closed, the kernel ends this process, even in the middle of a script.

Arguments: CPU seconds, bytes of memory, seconds of wall-clock time. With --self-check it prints one line of JSON: what the kernel
refuses, and whether QuickJS can multiply six by seven. Exit status 70: the sandbox cannot be set up; 69: there is no QuickJS.
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

# Python was started without `site`, because code in yt-dlp's environment would then run outside of the sandbox.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cage  # noqa: E402

sys.path.pop(0)

#: The maximum size of a script, and of its answer, in bytes.
LONGEST = 16 << 20
#: The maximum number of characters of an error message.
LONGEST_COMPLAINT = 500
#: Limits that QuickJS enforces, below the limits on the process.
SCRIPT_SECONDS, STACK_BYTES = 60, 4 << 20

PRELUDE = "globalThis.printed = undefined; globalThis.console = {log(text) { printed = text; }};"


def find_runtime() -> object:
    """Returns where QuickJS is; None if it is not installed."""
    packages = os.path.join(
        os.path.dirname(os.path.dirname(os.path.abspath(sys.executable))),
        "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")
    return importlib.machinery.PathFinder.find_spec("_quickjs", [packages])


def load(spec: object) -> object:
    """Loads QuickJS from its one file, because in the sandbox its folder cannot be listed."""
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shut_in(spec: object, bounds: dict) -> tuple:
    """Enters the sandbox, loads QuickJS there, and seals the process. Returns QuickJS, and whether the kernel restricts files even
    before the seal (Landlock)."""
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
    """Runs a script. Returns True and what it printed, or False and why it failed."""
    try:
        context = runtime.Context()
        # The rest of the memory is for Python.
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
    except Exception as error:  # the script and QuickJS may throw anything
        return False, str(error)[:LONGEST_COMPLAINT]


def receive(count: int) -> bytes:
    """Reads `count` bytes. Ends the process if there are no more."""
    parts = []
    while count > 0:
        part = os.read(0, min(count, 1 << 20))
        if not part:
            os._exit(0)
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def watch(begins: bool) -> None:
    """Called before (`begins`) and after a script. If the other end is closed in between, the kernel sends SIGIO, which ends
    this process."""
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
    # A sealed process opens no file, with or without Landlock, and makes no memory executable. 5 is PROT_READ | PROT_EXEC, 34 is
    # MAP_PRIVATE | MAP_ANONYMOUS.
    report["refuses_files"] = refused(cage.LIBRARY.open(b"/dev/null", 0))
    report["refuses_code"] = refused(cage.LIBRARY.mmap(None, ctypes.c_size_t(4096), 5, 34, -1, ctypes.c_long(0)))
    report["solves"] = solve(runtime, b"console.log(String(6 * 7))", 1 << 30) == (True, b"42")
    os.write(1, json.dumps(report).encode() + b"\n")
    os._exit(0 if report["solves"] else 69)


def main() -> None:
    spec = find_runtime()
    if spec is None or spec.origin is None:
        print("solver: QuickJS is not installed", file=sys.stderr)
        sys.exit(69)
    if sys.argv[1:] == ["--self-check"]:
        return check(spec)
    cpu, memory, wall = (int(argument) for argument in sys.argv[1:])
    # Close everything but standard input, output and error.
    os.closerange(3, 1024)
    # Blocked and ignored signals are inherited, so reset them.
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
