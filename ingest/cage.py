"""The sandbox of yt-dlp and of sites' JavaScript, enforced by the kernel. It is set up before any of their code is loaded, and
holds for every thread.

- Limits on CPU time, memory, the size of each file and the number of open files. No new privileges. Other processes of the
  same user cannot read this process's memory.
- A filter with a list of allowed system calls. The process cannot create, connect or bind a socket, or listen on one; it can
  only talk through the descriptors that the worker gives it. It cannot start a program or a process, and cannot send signals
  to another process or inspect one. A system call that is not in any list fails as on a kernel that does not have it, so
  that the C library uses an older one.
- Landlock, if the kernel has it: files can be read only where Python and yt-dlp are, and written only in one folder.
- For the process that runs a site's JavaScript, a second filter once everything is loaded (`seal`). It allows only to
  read and write open descriptors, to allocate memory that cannot be executed, and to exit.

Without the limits and the filter, nothing runs: `CageError`. Landlock is optional. Without it, only the audit hook of
`child.py` restricts files, and the self-check says so.
"""

import ctypes
import errno
import os
import platform
import resource
import struct
import sys

PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
CLONE_THREAD = 0x10000

#: The allowed system calls, frequent ones first: their numbers on x86-64 and on AArch64, None if there is none.
ALLOWED = {
    "read": (0, 63), "recvfrom": (45, 207), "write": (1, 64), "poll": (7, None), "ppoll": (271, 73),
    "futex": (202, 98), "mmap": (9, 222), "munmap": (11, 215), "mprotect": (10, 226), "brk": (12, 214),
    "close": (3, 57), "openat": (257, 56), "newfstatat": (262, 79), "lseek": (8, 62), "fstat": (5, 80),
    "access": (21, None), "chdir": (80, 49), "chmod": (90, None),
    "clock_getres": (229, 114), "clock_gettime": (228, 113), "clock_nanosleep": (230, 115), "close_range": (436, 436),
    "copy_file_range": (326, 285), "creat": (85, None), "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24),
    "epoll_create": (213, None), "epoll_create1": (291, 20), "epoll_ctl": (233, 21), "epoll_pwait": (281, 22),
    "epoll_wait": (232, None), "eventfd2": (290, 19), "exit": (60, 93), "exit_group": (231, 94),
    "faccessat": (269, 48), "faccessat2": (439, 439), "fadvise64": (221, 223), "fallocate": (285, 47),
    "fchmod": (91, 52), "fchmodat": (268, 53), "fdatasync": (75, 83), "fgetxattr": (193, 10), "flistxattr": (196, 13),
    "flock": (73, 32), "fstatfs": (138, 44), "fsync": (74, 82), "ftruncate": (77, 46), "futex_waitv": (449, 449),
    "getcpu": (309, 168), "getcwd": (79, 17), "getdents": (78, None), "getdents64": (217, 61), "getegid": (108, 177),
    "geteuid": (107, 175), "getgid": (104, 176), "getgroups": (115, 158), "getpeername": (52, 205),
    "getpgid": (121, 155), "getpgrp": (111, None), "getpid": (39, 172), "getppid": (110, 173), "getrandom": (318, 278),
    "getrlimit": (97, 163), "getrusage": (98, 165), "getsid": (124, 156), "getsockname": (51, 204),
    "getsockopt": (55, 209), "gettid": (186, 178), "gettimeofday": (96, 169), "getuid": (102, 174),
    "getxattr": (191, 8), "lgetxattr": (192, 9), "link": (86, None), "linkat": (265, 37), "listxattr": (194, 11),
    "llistxattr": (195, 12), "lstat": (6, None), "madvise": (28, 233), "membarrier": (324, 283), "mkdir": (83, None),
    "mkdirat": (258, 34), "mremap": (25, 216), "msync": (26, 227), "nanosleep": (35, 101), "open": (2, None),
    "pipe": (22, None), "pipe2": (293, 59), "pread64": (17, 67), "preadv": (295, 69), "pselect6": (270, 72),
    "pwrite64": (18, 68), "pwritev": (296, 70), "readlink": (89, None), "readlinkat": (267, 78), "readv": (19, 65),
    "recvmsg": (47, 212), "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276),
    "restart_syscall": (219, 128), "rmdir": (84, None), "rseq": (334, 293), "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "sched_getaffinity": (204, 123), "sched_yield": (24, 124),
    "select": (23, None), "sendfile": (40, 71), "set_robust_list": (273, 99), "set_tid_address": (218, 96),
    "setsockopt": (54, 208), "shutdown": (48, 210), "sigaltstack": (131, 132), "stat": (4, None), "statfs": (137, 43),
    "statx": (332, 291), "symlink": (88, None), "symlinkat": (266, 36), "sysinfo": (99, 179), "time": (201, None),
    "times": (100, 153), "truncate": (76, 45), "umask": (95, 166), "uname": (63, 160), "unlink": (87, None),
    "unlinkat": (263, 35), "utime": (132, None), "utimensat": (280, 88), "utimes": (235, None), "writev": (20, 66),
}

#: System calls that are allowed only with certain arguments.
CONDITIONAL = {
    "clone": (56, 220), "fcntl": (72, 25), "ioctl": (16, 29), "kill": (62, 129), "prctl": (157, 167),
    "prlimit64": (302, 261), "sendto": (44, 206), "tgkill": (234, 131),
}

#: System calls that fail with EPERM instead of ENOSYS, so that the caller knows that they are forbidden.
REFUSED = {
    "accept": (43, 202), "accept4": (288, 242), "bind": (49, 200), "connect": (42, 203), "execve": (59, 221),
    "execveat": (322, 281), "fork": (57, None), "io_uring_setup": (425, 425), "listen": (50, 201),
    "pidfd_getfd": (438, 438), "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "ptrace": (101, 117), "recvmmsg": (299, 243),
    "sendmmsg": (307, 269), "sendmsg": (46, 211), "socket": (41, 198), "socketpair": (53, 199), "vfork": (58, None),
}

#: The system calls that are left after `seal`.
SEALED = {
    name: ALLOWED[name] for name in (
        "read", "write", "poll", "ppoll", "futex", "munmap", "mremap", "brk", "madvise", "clock_gettime", "gettimeofday", "time",
        "getrandom", "sched_yield", "rt_sigreturn", "rt_sigprocmask", "restart_syscall", "exit", "exit_group")
}
#: After `seal`, mmap and mprotect must not make memory executable, and fcntl may only get and set a descriptor's flags.
SEALED_CONDITIONAL = {"mmap": (9, 222), "mprotect": (10, 226), "fcntl": (72, 25)}
PROT_EXEC = 4
#: F_GETFL, F_SETFL.
SEALED_FCNTL = (3, 4)

#: These choose which process gets a descriptor's signals, and which signal: F_SETOWN, F_SETSIG, F_SETOWN_EX.
REFUSED_FCNTL = (8, 10, 15)
#: TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX.
ALLOWED_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)

#: The machines that Verbatim runs on: the kernel's constant for each, and the column of its numbers.
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

LIBRARY = ctypes.CDLL(None, use_errno=True)
LIBRARY.syscall.restype = ctypes.c_long


class CageError(OSError):
    """A required part of the sandbox could not be set up."""


def limit(bounds: dict) -> None:
    """Sets limits on this process, which it cannot raise again."""
    for kind, value, more in (
        # SIGXCPU first, then SIGKILL a second later.
        (resource.RLIMIT_CPU, bounds["cpu_seconds"], 1),
        (resource.RLIMIT_FSIZE, bounds["file_bytes"], 0),
        (resource.RLIMIT_AS, bounds["memory_bytes"], 0),
        (resource.RLIMIT_NOFILE, 128, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        resource.setrlimit(kind, (value, value + more))


def enter(bounds: dict, folder: str | None, roots: tuple, seals: bool = False) -> bool:
    """Enters the sandbox for good. Must run while the process has one thread.

    Afterward, `folder` can be written and `roots` can be read. With `seals`, the process can call `seal` later. Returns whether
    the kernel restricts files, too (Landlock). Raises `CageError`.
    """
    try:
        limit(bounds)
        prctl(PR_SET_DUMPABLE, 0)
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        files = bound_files(folder, roots)
        install(filter_rules(seals))
    except (OSError, ValueError, KeyError) as error:
        raise CageError(f"cannot set up the sandbox: {error}") from error
    return files


def seal() -> None:
    """Forbids this process, which is in the sandbox, everything that a computation does not need. Must run while the process has
    one thread. Raises `CageError`."""
    try:
        install(sealed_rules())
    except (OSError, ValueError, KeyError) as error:
        raise CageError(f"cannot set up the sandbox: {error}") from error


def libraries() -> tuple:
    """Returns the paths that the C library reads, which Python's audit hook does not see."""
    paths = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/ssl", "/etc/pki",
             "/usr/share/ca-certificates", "/usr/local/share/ca-certificates", sys.base_prefix + "/lib")
    return tuple({os.path.realpath(path) for path in paths})


def install(rules: list) -> None:
    """Adds a system call filter to those that are already installed. The strictest answer of all filters counts."""
    code = b"".join(struct.pack("HBBI", *rule) for rule in rules)
    buffer = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog: the number of rules, and their address.
    program = struct.pack("HP", len(rules), ctypes.addressof(buffer))
    prctl(PR_SET_SECCOMP, 2, ctypes.c_char_p(program))


def prctl(option: int, value: int, pointer: object = None) -> None:
    if LIBRARY.prctl(option, ctypes.c_ulong(value), pointer, ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


#: Instructions of the kernel's filter machine, and its answers.
LOAD, EQUAL, AT_LEAST, SET, ANSWER = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, REFUSE, ABSENT = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS


def argument(index: int, half: int = 0) -> tuple:
    return (LOAD, 0, 0, 16 + 8 * index + 4 * half)


def when(number: int, *body: tuple) -> list:
    """Returns the rules for one system call. `body` must end in an answer."""
    return [(EQUAL, 0, len(body), number), *body]


def one_of(index: int, values: tuple, then: int, otherwise: int) -> list:
    """Returns rules that answer `then` if an argument of the call has one of these values, else `otherwise`."""
    left = range(len(values), 0, -1)
    return [argument(index), *((EQUAL, count, 0, value) for count, value in zip(left, values)),
            (ANSWER, 0, 0, otherwise), (ANSWER, 0, 0, then)]


def each(calls: dict, column: int, then: int) -> list:
    numbers = [entry[column] for entry in calls.values() if entry[column] is not None]
    return [rule for number in numbers for rule in ((EQUAL, 0, 1, number), (ANSWER, 0, 0, then))]


def beginning(architecture: int) -> list:
    """Returns the first rules, which check the architecture and load the call's number."""
    return [
        (LOAD, 0, 0, 4), (EQUAL, 1, 0, architecture), (ANSWER, 0, 0, 0x80000000), (LOAD, 0, 0, 0),
        # From here on are the numbers of the x32 ABI, the other way to call an x86-64 kernel.
        (AT_LEAST, 0, 1, 0x40000000), (ANSWER, 0, 0, REFUSE),
    ]


def filter_rules(seals: bool) -> list:
    """Returns the rules of the filter, in the kernel's form: code, jump if true, jump if false, value."""
    architecture, column = MACHINES[platform.machine()]
    number = {name: numbers[column] for name, numbers in CONDITIONAL.items()}
    own = os.getpid()
    rules = beginning(architecture) + each(ALLOWED, column, ALLOW)
    # Only without an address: then the bytes can only go to the other end of a connected descriptor.
    rules += when(number["sendto"], argument(4), (EQUAL, 0, 3, 0), argument(4, 1), (EQUAL, 0, 1, 0),
                  (ANSWER, 0, 0, ALLOW), (ANSWER, 0, 0, REFUSE))
    # Only for threads. The filter cannot see the arguments of the newer clone3, so that call is absent.
    rules += when(number["clone"], argument(0), (SET, 0, 1, CLONE_THREAD), (ANSWER, 0, 0, ALLOW), (ANSWER, 0, 0, REFUSE))
    rules += when(number["fcntl"], *one_of(1, REFUSED_FCNTL, REFUSE, ALLOW))
    rules += when(number["ioctl"], *one_of(1, ALLOWED_IOCTL, ALLOW, REFUSE))
    # Only to its own process group, so that `watch` of `child.py` can end it, and to itself.
    rules += when(number["kill"], *one_of(0, (0, own), ALLOW, REFUSE))
    rules += when(number["tgkill"], *one_of(0, (own,), ALLOW, REFUSE))
    rules += when(number["prlimit64"], *one_of(0, (0, own), ALLOW, REFUSE))
    if seals:
        # For the second filter. That is safe, because another filter can only forbid more.
        rules += when(number["prctl"], *one_of(0, (PR_SET_SECCOMP,), ALLOW, REFUSE))
    return rules + each(REFUSED, column, REFUSE) + [(ANSWER, 0, 0, ABSENT)]


def sealed_rules() -> list:
    """Returns the rules of the second filter."""
    architecture, column = MACHINES[platform.machine()]
    number = {name: numbers[column] for name, numbers in SEALED_CONDITIONAL.items()}
    rules = beginning(architecture) + each(SEALED, column, ALLOW)
    for name in ("mmap", "mprotect"):
        rules += when(number[name], argument(2), (SET, 0, 1, PROT_EXEC), (ANSWER, 0, 0, REFUSE), (ANSWER, 0, 0, ALLOW))
    rules += when(number["fcntl"], *one_of(1, SEALED_FCNTL, ALLOW, REFUSE))
    return rules + [(ANSWER, 0, 0, REFUSE)]


LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
#: Landlock's rights. READ_DIR is for folders only.
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE = 1, 2, 4, 8, 1 << 14


def bound_files(folder: str | None, roots: tuple) -> bool:
    """Restricts this process to these files with Landlock. Returns False if the kernel does not have it: it is older than 5.13, or
    was built or started without it."""
    version = LIBRARY.syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    if version < 1:
        return False
    # The rights that each version of Landlock knows: 13 in the first, one more in each of the next two.
    handled = (1 << (13 + min(version - 1, 2))) - 1
    ruleset = LIBRARY.syscall(LANDLOCK_CREATE_RULESET, struct.pack("Q", handled), ctypes.c_size_t(8), ctypes.c_uint(0))
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "Landlock")
    for path, rights in [(folder, handled), ("/dev/null", READ_FILE | WRITE_FILE), *((root, READ_FILE | READ_DIR) for root in roots)]:
        if path is None:
            continue
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        if not os.path.isdir(path):
            rights &= handled & (READ_FILE | WRITE_FILE | EXECUTE | TRUNCATE)
        rule = struct.pack("=Qi", rights & handled, descriptor)
        if LIBRARY.syscall(LANDLOCK_ADD_RULE, ruleset, 1, rule, ctypes.c_uint(0)) != 0:
            raise OSError(ctypes.get_errno(), "Landlock")
        os.close(descriptor)
    if LIBRARY.syscall(LANDLOCK_RESTRICT_SELF, ruleset, ctypes.c_uint(0)) != 0:
        raise OSError(ctypes.get_errno(), "Landlock")
    os.close(ruleset)
    return True


def self_check(files: bool) -> dict:
    """Tries, from inside the sandbox, what it forbids. Returns what the kernel refused."""

    def refused(call, *arguments) -> bool:
        result = call(*arguments)
        if call is LIBRARY.fork and result == 0:
            os._exit(0)
        return result == -1 and ctypes.get_errno() == errno.EPERM

    address = struct.pack("=HH4s8x", 2, 0, bytes([127, 0, 0, 1]))
    return {
        "bounds_files": files,
        "refuses_socket": all(refused(LIBRARY.socket, family, 1, 0) for family in (1, 2, 10, 16, 17)),
        "refuses_connect": refused(LIBRARY.connect, 0, address, len(address)),
        "refuses_execution": refused(LIBRARY.execve, b"/bin/true", None, None),
        "refuses_new_process": refused(LIBRARY.fork),
        "refuses_tracing": refused(LIBRARY.ptrace, 16, os.getppid(), None, None),
        "refuses_signals": refused(LIBRARY.kill, os.getppid(), 0),
    }
