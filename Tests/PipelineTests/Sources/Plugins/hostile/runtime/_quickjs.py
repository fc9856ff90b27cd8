"""A QuickJS that was taken over by the script it ran, and has native code: it tries the kernel alone. What succeeded is the answer."""

import json
import os

from native import call

NUMBERS = {
    "x86_64": {
        "openat": 257, "open": 2, "unlinkat": 263, "socket": 41, "socketpair": 53, "connect": 42, "sendto": 44, "sendmsg": 46,
        "recvmsg": 47, "clone": 56, "fork": 57, "execve": 59, "execveat": 322, "kill": 62, "tgkill": 234, "ptrace": 101,
        "process_vm_readv": 310, "prlimit64": 302, "prctl": 157, "mmap": 9, "mprotect": 10, "fcntl": 72, "getppid": 110, "dup": 32,
        "setitimer": 38, "ioctl": 16, "inotify_init1": 294, "memfd_create": 319},
    "aarch64": {
        "openat": 56, "unlinkat": 35, "socket": 198, "socketpair": 199, "connect": 203, "sendto": 206, "sendmsg": 211,
        "recvmsg": 212, "clone": 220, "execve": 221, "execveat": 281, "kill": 129, "tgkill": 131, "ptrace": 117,
        "process_vm_readv": 270, "prlimit64": 261, "prctl": 167, "mmap": 222, "mprotect": 226, "fcntl": 25, "getppid": 173,
        "dup": 23, "setitimer": 103, "ioctl": 29, "inotify_init1": 26, "memfd_create": 279},
}[os.uname().machine] | {"io_uring_setup": 425, "pidfd_open": 434, "clone3": 435, "openat2": 437, "landlock": 444}
#: What it looks for it does not tell twice: numbers are looked up while that is allowed.
OWN, PARENT = os.getpid(), os.getppid()

JSException = RuntimeError


def attempts(secret: str) -> list:
    path = secret.encode() + b"\0"
    tries = {
        "read": ("openat", -100, path, 0), "open": ("open", path, 0), "open anew": ("openat2", -100, path, bytes(24), 24),
        "write": ("openat", -100, path + b"-made\0", os.O_CREAT | os.O_WRONLY, 0o600), "remove": ("unlinkat", -100, path, 0),
        "own memory": ("openat", -100, b"/proc/self/mem\0", 2), "internet": ("socket", 2, 1, 0), "unix": ("socket", 1, 1, 0),
        "netlink": ("socket", 16, 3, 0), "pair": ("socketpair", 1, 1, 0, bytes(8)), "connect": ("connect", 0, bytes(16), 16),
        "send": ("sendto", 0, b"x", 1, 0, None, 0), "message": ("sendmsg", 0, bytes(56), 0), "take": ("recvmsg", 0, bytes(56), 64),
        "process": ("clone", 17, None, None, None, None), "thread": ("clone", 0x3D0F00, None, None, None, None),
        "fork": ("fork",), "new process": ("clone3", bytes(88), 88), "program": ("execve", b"/bin/true\0", None, None),
        "program by descriptor": ("execveat", -100, b"/bin/true\0", None, None, 0), "signal": ("kill", PARENT, 0),
        "signal itself": ("kill", OWN, 0), "signal a thread": ("tgkill", OWN, OWN, 0), "trace": ("ptrace", 16, PARENT, None, None),
        "read memory": ("process_vm_readv", PARENT, bytes(16), 1, bytes(16), 1, 0), "limits": ("prlimit64", 0, 7, None, bytes(16)),
        "look again": ("prctl", 4, 1, 0, 0, 0), "code": ("mmap", None, 4096, 7, 34, -1, 0), "code later": ("mprotect", None, 0, 5),
        "own signals": ("fcntl", 0, 8, PARENT), "another descriptor": ("dup", 0), "no alarm": ("setitimer", 0, bytes(32), None),
        "terminal": ("ioctl", 0, 0x541B, bytes(8)), "watch files": ("inotify_init1", 0), "file in memory": ("memfd_create", b"m\0", 0),
        "ring": ("io_uring_setup", 1, bytes(120)), "handle": ("pidfd_open", PARENT, 0), "rules": ("landlock", None, 0, 1),
    }
    done = []
    for name, (what, *arguments) in tries.items():
        if what not in NUMBERS:
            continue
        result = call(NUMBERS[what], *arguments)
        if what in ("clone", "fork") and result == 0:
            os._exit(0)
        if result >= 0:
            done.append(name)
    return done


class Context:
    def set_memory_limit(self, _):
        pass

    set_max_stack_size = set_time_limit = set_memory_limit

    def eval(self, script):
        if script.startswith("/"):
            self.done = json.dumps(attempts(script))
        return self.done if script == "printed" else None
