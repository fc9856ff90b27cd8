"""Runs yt-dlp for a worker, within bounds that it cannot leave.

The order is one line of JSON on standard input: what to pass to yt-dlp, and the bounds. It is not on the command line,
where every user of the machine could read a customer's URL. What bounds it:

- the kernel: CPU time, size of each file, memory, open files, no new privileges;
- an audit hook, which Python cannot take off again: it connects to the proxy and to nothing else, resolves no names,
  starts no programs, and writes below its folder alone;
- the worker, which holds standard input open: when that ends, or the time is over, the whole process group is killed.

On success one line of JSON goes to standard output for each --print; yt-dlp's own exit status is the answer.
"""

import ctypes
import json
import os
import resource
import select
import signal
import sys
import threading
import time

PR_SET_NO_NEW_PRIVS = 38

#: Starting anything, and what goes out without connecting.
REFUSED = {
    "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn", "subprocess.Popen",
    "socket.bind", "socket.sendto", "socket.sendmsg",
    "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo",
}

#: Events whose arguments begin with the paths that they change; how many of them there are.
CHANGES = {
    "os.chmod": 1, "os.chown": 1, "os.link": 2, "os.mkdir": 1, "os.remove": 1, "os.rename": 2, "os.rmdir": 1,
    "os.symlink": 2, "os.truncate": 1, "os.utime": 1,
}


def within(folder: str, path: object) -> bool:
    """Whether a path, as some call was given it, lies below the folder."""
    if isinstance(path, int):
        return True
    real = os.path.realpath(os.fsdecode(path))
    return real.startswith(folder + "/") or real in (folder, "/dev/null")


def make_hook(folder: str, port: int):
    """What yt-dlp may do: talk to the proxy, and write into its folder."""
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

    def hook(event: str, arguments: tuple) -> None:
        allowed = True
        if event in REFUSED:
            allowed = False
        elif event == "socket.connect":
            allowed = tuple(arguments[1][:2]) == ("127.0.0.1", port) if isinstance(arguments[1], tuple) else False
        elif event == "socket.getaddrinfo":
            allowed = arguments[0] in ("127.0.0.1", b"127.0.0.1")
        elif event == "open":
            path, mode, flags = arguments
            writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool(flags & writing)
            allowed = not writes or within(folder, path)
        elif event in CHANGES:
            allowed = all(within(folder, path) for path in arguments[: CHANGES[event]])
        if not allowed:
            raise PermissionError(f"{event} is not allowed here")

    return hook


def bound(order: dict) -> None:
    """Limits that the kernel enforces."""
    for kind, value in (
        (resource.RLIMIT_CPU, order["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, order["file_bytes"]),
        (resource.RLIMIT_AS, order["memory_bytes"]),
        (resource.RLIMIT_NOFILE, 128),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no new privileges")


def watch(seconds: float) -> None:
    """Ends the process group when the worker goes, or when the time is over."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if select.select([0], [], [], left)[0] and not os.read(0, 4096):
            break
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    line = b""
    while not line.endswith(b"\n"):
        # Byte by byte: nothing may stay in a buffer that the watch does not see.
        byte = os.read(0, 1)
        if not byte or len(line) > 1 << 16:
            sys.exit(64)
        line += byte
    order = json.loads(line)
    if os.getsid(0) != os.getpid():
        sys.exit("not in a session of its own")
    folder = os.path.realpath(order["folder"])
    os.chdir(folder)
    bound(order)
    threading.Thread(target=watch, args=(order["wall_seconds"],), daemon=True).start()
    import yt_dlp

    sys.addaudithook(make_hook(folder, order["proxy_port"]))
    yt_dlp.main(order["arguments"])


if __name__ == "__main__":
    main()
