"""A yt-dlp that was taken over, and has native code: it tries the kernel alone. What succeeded stands in the file `result`."""

import json
import os
import socket
import struct
import sys
import threading

from native import call

NUMBERS = {
    "x86_64": {
        "socket": 41, "connect": 42, "sendto": 44, "sendmsg": 46, "bind": 49, "listen": 50, "socketpair": 53, "clone": 56,
        "execve": 59, "kill": 62, "fcntl": 72, "ptrace": 101, "tgkill": 234, "openat": 257, "accept4": 288,
        "prlimit64": 302, "process_vm_readv": 310, "execveat": 322, "prctl": 157},
    "aarch64": {
        "socket": 198, "connect": 203, "sendto": 206, "sendmsg": 211, "bind": 200, "listen": 201, "socketpair": 199,
        "clone": 220, "execve": 221, "kill": 129, "fcntl": 25, "ptrace": 117, "tgkill": 131, "openat": 56,
        "accept4": 242, "prlimit64": 261, "process_vm_readv": 270, "execveat": 281, "prctl": 167},
}[os.uname().machine] | {"io_uring_setup": 425, "pidfd_open": 434, "clone3": 435}


def attempts(where: dict, connection: int) -> list:
    """The names of what the kernel let pass."""
    port = struct.pack("=H", 2) + struct.pack("!H", where["port"]) + bytes([127, 0, 0, 1]) + bytes(8)
    local = struct.pack("=H", 1) + where["socket"].encode() + b"\0"
    secret, parent = where["secret"].encode(), os.getppid()
    tries = {
        "internet": ("socket", 2, 1, 0), "datagram": ("socket", 2, 2, 0), "unix": ("socket", 1, 1, 0),
        "internet6": ("socket", 10, 1, 0), "netlink": ("socket", 16, 3, 0), "packet": ("socket", 17, 3, 0),
        "pair": ("socketpair", 1, 1, 0, bytes(8)),
        "to a port": ("connect", connection, port, 16), "to nothing": ("connect", connection, bytes(16), 16),
        "to a socket": ("connect", 0, local, len(local)),
        "send to a port": ("sendto", connection, b"x", 1, 0, port, 16),
        "send to a socket": ("sendto", 0, b"x", 1, 0, local, len(local)),
        "message": ("sendmsg", 0, bytes(56), 0), "bind": ("bind", connection, port, 16),
        "listen": ("listen", connection, 1), "accept": ("accept4", connection, None, None, 0),
        "trace": ("ptrace", 16, parent, None, None), "read memory": ("process_vm_readv", parent, bytes(16), 1, bytes(16), 1, 0),
        "signal": ("kill", parent, 0), "signal all": ("kill", -1, 0), "signal a thread": ("tgkill", parent, parent, 0),
        "limit another": ("prlimit64", parent, 7, None, bytes(16)), "own another's signals": ("fcntl", connection, 8, parent),
        "handle": ("pidfd_open", parent, 0), "program": ("execve", b"/bin/true\0", None, None),
        "program by descriptor": ("execveat", -100, b"/bin/true\0", None, None, 0),
        "process": ("clone", 17, None, None, None, None), "new process": ("clone3", bytes(88), 88),
        "ring": ("io_uring_setup", 1, bytes(120)), "look again": ("prctl", 4, 1, 0, 0, 0),
        "file: read": ("openat", -100, secret + b"\0", 0), "file: memory": ("openat", -100, b"/proc/self/mem\0", 2),
        "file: write": ("openat", -100, secret + b"-made\0", os.O_CREAT | os.O_WRONLY, 0o600),
    }
    done = []
    for name, (what, *arguments) in tries.items():
        result = call(NUMBERS[what], *arguments)
        if what == "clone" and result == 0:
            os._exit(0)
        if result >= 0:
            done.append(name)
    return done


class YoutubeDL:
    """What ours looks for before it hands over."""

    process_ie_result = None


def main(arguments: list) -> None:
    with open("where") as file:
        where = json.load(file)
    handed = socket.socket()
    handed.settimeout(30)
    handed.sendall(b"GET http://127.0.0.1:9/ HTTP/1.1\r\n\r\n")
    answer = handed.recv(12).decode()
    done = attempts(where, handed.fileno())
    thread = threading.Thread(target=lambda: done.extend(attempts(where, handed.fileno())))
    thread.start()
    thread.join()
    with open("result", "w") as file:
        json.dump({"answer": answer, "done": done}, file)
    sys.exit(1)
