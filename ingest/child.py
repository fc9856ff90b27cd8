"""Runs yt-dlp for a worker, within bounds that it cannot leave.

The order is one line of JSON on standard input: what to pass to yt-dlp, and the bounds. It is not on the command line,
where every user of the machine could read a customer's URL. What bounds it:

- the kernel: CPU time, size of each file, memory, open files, no new privileges; no program and no process beside it,
  whatever asks for one, no sockets but for TCP, no look into another process;
- an audit hook, which Python cannot take off again: it connects to the proxy and to nothing else, resolves no names,
  starts no programs, writes below its folder alone, reads that and what belongs to Python, and loads no native code;
- the worker, which holds standard input open: when that ends, or the time is over, the whole process group is killed.

On success one line of JSON goes to standard output for each --print; yt-dlp's own exit status is the answer.
"""

import ctypes
import errno
import json
import mimetypes
import os
import platform
import resource
import select
import signal
import ssl
import struct
import sys
import sysconfig
import threading
import time

PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38

#: Starting anything, what goes out without connecting, and files that C code would open.
REFUSED = {
    "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn", "subprocess.Popen",
    "socket.bind", "socket.sendto", "socket.sendmsg",
    "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo", "sqlite3.connect",
}

#: Events whose arguments begin with the paths that they change; how many of them there are.
CHANGES = {
    "os.chmod": 1, "os.chown": 1, "os.link": 2, "os.mkdir": 1, "os.remove": 1, "os.rename": 2, "os.rmdir": 1,
    "os.symlink": 2, "os.truncate": 1, "os.utime": 1,
}

#: The kernel's names for the machines that Verbatim runs on, and its numbers there.
CALLS = {
    "x86_64": (0xC000003E, {
        "socket": 41, "clone": 56, "fork": 57, "vfork": 58, "execve": 59, "ptrace": 101, "process_vm_readv": 310,
        "process_vm_writev": 311, "execveat": 322, "io_uring_setup": 425, "clone3": 435, "pidfd_getfd": 438}),
    "aarch64": (0xC00000B7, {
        "socket": 198, "clone": 220, "execve": 221, "ptrace": 117, "process_vm_readv": 270,
        "process_vm_writev": 271, "execveat": 281, "io_uring_setup": 425, "clone3": 435, "pidfd_getfd": 438}),
}
CLONE_THREAD = 0x10000


def within(folder: str, path: object) -> bool:
    """Whether a path, as some call was given it, lies below the folder."""
    if isinstance(path, int):
        return True
    real = os.path.realpath(os.fsdecode(path))
    return real.startswith(folder + "/") or real in (folder, "/dev/null")


def readable(plugins: list) -> tuple:
    """Folders and files that Python itself reads."""
    paths = {__file__, sys.executable, sys.prefix, sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), *sys.path, *plugins}
    certificates = ssl.get_default_verify_paths()
    paths |= {certificates.cafile, certificates.capath, certificates.openssl_cafile, certificates.openssl_capath}
    paths |= {"/usr/share/zoneinfo", "/etc/localtime", "/dev/urandom", *mimetypes.knownfiles}
    return tuple(os.path.realpath(path) for path in paths if path)


def make_hook(folder: str, port: int, roots: tuple):
    """What yt-dlp may do: talk to the proxy, write into its folder, and read what it consists of."""
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    below = tuple(root + "/" for root in roots)

    def reads(path: object) -> bool:
        if path is None or within(folder, path):
            return True
        real = os.path.realpath(os.fsdecode(path))
        return real in roots or real.startswith(below)

    def hook(event: str, arguments: tuple) -> None:
        allowed = True
        if event in REFUSED or event.startswith("ctypes."):
            allowed = False
        elif event == "socket.connect":
            allowed = tuple(arguments[1][:2]) == ("127.0.0.1", port) if isinstance(arguments[1], tuple) else False
        elif event == "socket.getaddrinfo":
            allowed = arguments[0] in ("127.0.0.1", b"127.0.0.1")
        elif event == "open":
            path, mode, flags = arguments
            if isinstance(mode, str):
                writes = any(letter in mode for letter in "wax+")
                allowed = within(folder, path) if writes else reads(path)
            else:
                # Relative to what cannot be seen here.
                whole = os.path.isabs(path)
                allowed = whole and (within(folder, path) if flags & writing else reads(path))
        elif event in ("os.listdir", "os.scandir"):
            allowed = reads(arguments[0])
        elif event in CHANGES:
            allowed = all(within(folder, path) for path in arguments[: CHANGES[event]])
        if not allowed:
            raise PermissionError(f"{event} is not allowed here")

    return hook


def bound(order: dict) -> None:
    """Limits that the kernel enforces."""
    for kind, value, more in (
        # A second later what tells nothing: SIGKILL.
        (resource.RLIMIT_CPU, order["cpu_seconds"], 1),
        (resource.RLIMIT_FSIZE, order["file_bytes"], 0),
        (resource.RLIMIT_AS, order["memory_bytes"], 0),
        (resource.RLIMIT_NOFILE, 128, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        resource.setrlimit(kind, (value, value + more))
    prctl(PR_SET_DUMPABLE, 0)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    rules = b"".join(struct.pack("HBBI", *rule) for rule in filter_rules())
    buffer = ctypes.create_string_buffer(rules)
    # struct sock_fprog: how many, and where.
    program = struct.pack("HP", len(rules) // 8, ctypes.addressof(buffer))
    prctl(PR_SET_SECCOMP, 2, ctypes.c_char_p(program))


def prctl(option: int, value: int, pointer: object = None) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(option, ctypes.c_ulong(value), pointer, ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def filter_rules() -> list:
    """Which calls the kernel refuses from now on, as its filter machine wants it: code, jump if so, jump if not, value."""
    load, equal, at_least, set_, mask, answer = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
    allow, refuse, absent = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
    architecture, numbers = CALLS[platform.machine()]
    rules = [
        (load, 0, 0, 4), (equal, 1, 0, architecture), (answer, 0, 0, 0x80000000), (load, 0, 0, 0),
        # The other way to call an x86-64 kernel has numbers from here on.
        (at_least, 0, 1, 0x40000000), (answer, 0, 0, refuse),
        # A thread is no process. Of the newer call the filter cannot see which it is; the older one is then taken.
        (equal, 0, 1, numbers["clone3"]), (answer, 0, 0, absent),
        (equal, 0, 4, numbers["clone"]), (load, 0, 0, 16), (set_, 1, 0, CLONE_THREAD), (answer, 0, 0, refuse),
        (answer, 0, 0, allow),
        # AF_INET, SOCK_STREAM, whatever flags come with it.
        (equal, 0, 7, numbers["socket"]), (load, 0, 0, 16), (equal, 0, 4, 2), (load, 0, 0, 24), (mask, 0, 0, 0xF),
        (equal, 0, 1, 1), (answer, 0, 0, allow), (answer, 0, 0, refuse),
    ]
    for name, number in numbers.items():
        if name not in ("clone", "clone3", "socket"):
            rules += [(equal, 0, 1, number), (answer, 0, 0, refuse)]
    return rules + [(answer, 0, 0, allow)]


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

    sys.addaudithook(make_hook(folder, order["proxy_port"], readable(order["plugins"])))
    yt_dlp.main(order["arguments"])


if __name__ == "__main__":
    main()
