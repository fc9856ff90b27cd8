"""Runs yt-dlp for a worker, in a sandbox.

Standard input is one end of a pair of sockets; the worker has the other. From it comes one line of JSON, the order: the arguments
for yt-dlp, and the limits. They are not on the command line, where every user of the machine could read a customer's URL. The
process is restricted by:

- The kernel, set up by `cage.py` before any of yt-dlp's code is loaded.
- An audit hook, which Python code cannot remove. It forbids connections, name resolution, programs and native code. Files can be
  written only in the process's folder, and read only there and where Python and its packages are.
- The worker. If it closes its end of the sockets, or the time is over, the whole process group is killed.

The process cannot open connections. It sends the worker a byte and gets a descriptor that is connected to the proxy. With another
byte it gets one that is connected to `solver.py`, which runs sites' JavaScript. It cannot start that process itself.

On success it prints one line of JSON for each --print. The exit status is yt-dlp's own, or 70 if the sandbox cannot be set up.
With --self-check it loads yt-dlp in the sandbox, and prints one line of JSON that says what the kernel refuses.
"""

import errno
import itertools
import json
import mimetypes
import os
import select
import signal
import socket
import ssl
import sys
import sysconfig
import threading
import time

# Python was started without `site`, because code in yt-dlp's environment would then run outside of the sandbox.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cage  # noqa: E402
import challenges  # noqa: E402

sys.path.pop(0)

#: The folder that has yt-dlp.
PACKAGES = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(sys.executable))),
    "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")

#: Forbidden audit events: starting programs, the network, and files that C code would open.
REFUSED = {
    "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn", "subprocess.Popen",
    "socket.bind", "socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
    "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo", "sqlite3.connect",
}

#: Events that pass bytes to the ciphers, which were loaded before.
BUFFERS = {"ctypes.create_string_buffer", "ctypes.cdata/buffer"}

#: Events that change paths, and how many of their first arguments are such paths.
CHANGES = {
    "os.chmod": 1, "os.chown": 1, "os.link": 2, "os.mkdir": 1, "os.remove": 1, "os.rename": 2, "os.rmdir": 1,
    "os.symlink": 2, "os.truncate": 1, "os.utime": 1,
}

def within(folder: str, path: object) -> bool:
    """Returns whether the path of a call is in the folder."""
    if isinstance(path, int):
        return True
    real = os.path.realpath(os.fsdecode(path))
    return real.startswith(folder + "/") or real in (folder, "/dev/null")


def readable(plugins: list) -> tuple:
    """Returns the folders and files that Python itself reads."""
    paths = {__file__, sys.executable, sys.prefix, sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), PACKAGES, *sys.path, *plugins}
    certificates = ssl.get_default_verify_paths()
    paths |= {certificates.cafile, certificates.capath, certificates.openssl_cafile, certificates.openssl_capath}
    paths |= {"/usr/share/zoneinfo", "/etc/localtime", "/dev/urandom", *mimetypes.knownfiles}
    return tuple(os.path.realpath(path) for path in paths if path)


def make_hook(folder: str, roots: tuple):
    """Returns the audit hook. It lets yt-dlp write to its folder, and read its folder and its own code."""
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    below = tuple(root + "/" for root in roots)

    def reads(path: object) -> bool:
        if path is None or within(folder, path):
            return True
        real = os.path.realpath(os.fsdecode(path))
        return real in roots or real.startswith(below)

    def hook(event: str, arguments: tuple) -> None:
        allowed = True
        if event in REFUSED or event.startswith("ctypes.") and event not in BUFFERS:
            allowed = False
        elif event == "open":
            path, mode, flags = arguments
            if isinstance(mode, str):
                writes = any(letter in mode for letter in "wax+")
                allowed = within(folder, path) if writes else reads(path)
            else:
                # A relative path may be relative to a descriptor, which is not known here.
                whole = os.path.isabs(path)
                allowed = whole and (within(folder, path) if flags & writing else reads(path))
        elif event in ("os.listdir", "os.scandir"):
            allowed = reads(arguments[0])
        elif event in CHANGES:
            allowed = all(within(folder, path) for path in arguments[: CHANGES[event]])
        if not allowed:
            raise PermissionError(f"{event} is not allowed here")

    return hook


def descriptors_from(worker: socket.socket) -> object:
    """Returns a function that requests a descriptor from the worker: with `c` one connected to the proxy, with `j` one connected to
    `solver.py`."""
    lock = threading.Lock()

    def descriptor(kind: bytes) -> int:
        with lock:
            worker.send(kind)
            _, descriptors, _, _ = socket.recv_fds(worker, 1, 1, socket.MSG_CMSG_CLOEXEC)
        if not descriptors:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "the worker gave no connection")
        return descriptors[0]

    return descriptor


def take_connections_from(descriptor: object, port: int) -> None:
    """Replaces Python's sockets: a new TCP socket is a connection that the worker made to the proxy at `port`."""
    plain = socket.socket

    class HandedSocket(plain):
        """A socket that is connected from the start."""

        def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
            if fileno is None and family in (-1, socket.AF_INET) and type in (-1, socket.SOCK_STREAM):
                fileno = descriptor(b"c")
            super().__init__(family, type, proto, fileno)

        def connect(self, address):
            if tuple(address[:2]) != ("127.0.0.1", port):
                raise PermissionError("only the proxy can be reached")

    def getaddrinfo(host, service, *_, **__):
        if host != "127.0.0.1":
            raise PermissionError("the proxy resolves names")
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, int(service)))]

    socket.socket, socket.getaddrinfo = HandedSocket, getaddrinfo


def watch(seconds: float) -> None:
    """Ends the process group when the worker is gone, or when the time is over."""
    end = select.poll()
    # Only hang-ups: data that can be read is the answer to a request for a connection.
    end.register(0, select.POLLRDHUP)
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if end.poll(left * 1000):
            break
    os.killpg(0, signal.SIGKILL)


def read_order() -> dict:
    line = b""
    while not line.endswith(b"\n"):
        # Byte by byte, so that no data of later messages is left in a buffer here.
        byte = os.read(0, 1)
        if not byte or len(line) > 1 << 16:
            sys.exit(64)
        line += byte
    return json.loads(line)


def enter_cage(bounds: dict, folder: str | None, roots: tuple) -> bool:
    try:
        return cage.enter(bounds, folder, (*roots, *cage.libraries()))
    except cage.CageError as error:
        print(f"child: {error}", file=sys.stderr)
        sys.exit(70)


def load_ciphers() -> None:
    """Loads the only native library besides Python's own: in the sandbox, but before the audit hook, which would refuse it."""
    sys.path.append(PACKAGES)
    try:
        from Cryptodome.Cipher import AES, Blowfish, PKCS1_OAEP, PKCS1_v1_5  # noqa: F401
        from Cryptodome.Hash import CMAC, SHA1
        from Cryptodome.PublicKey import RSA  # noqa: F401

        # Each cipher loads its part when it is first used.
        key = bytes(16)
        for mode, more in ((AES.MODE_CBC, (key,)), (AES.MODE_CTR, ()), (AES.MODE_ECB, ()), (AES.MODE_GCM, (key,))):
            AES.new(key, mode, *more).decrypt(AES.new(key, mode, *more).encrypt(key))
        try:
            AES.new(key, AES.MODE_GCM, key).decrypt_and_verify(key, key)
        except ValueError:
            pass
        Blowfish.new(key, Blowfish.MODE_ECB).decrypt(Blowfish.new(key, Blowfish.MODE_ECB).encrypt(key))
        for cipher in (AES, Blowfish):
            CMAC.new(key, ciphermod=cipher).update(key).digest()
        SHA1.new(key).digest()
    except Exception:  # the library is missing, or has another version
        # yt-dlp then decrypts in Python, slowly.
        pass


def refuse_parts(loader: type) -> None:
    """Makes yt-dlp reject a recording that a site keeps in several parts, because its first part must not pass for the whole."""
    import yt_dlp

    process = loader.process_ie_result

    def whole(self, result, *arguments, **named):
        if result.get("_type") == "multi_video":
            result["entries"] = list(itertools.islice(result.get("entries") or (), 2))
            if len(result["entries"]) > 1:
                raise yt_dlp.utils.ExtractorError("the recording comes in several parts", expected=True)
        return process(self, result, *arguments, **named)

    loader.process_ie_result = whole


def check() -> None:
    """Enters the sandbox, loads yt-dlp, and prints what the sandbox refuses."""
    files = enter_cage({"cpu_seconds": 60, "file_bytes": 1 << 20, "memory_bytes": 2 << 30}, None, readable([]))
    report = cage.self_check(files)
    load_ciphers()
    import yt_dlp  # noqa: F401

    report["knows_javascript"] = challenges.register(PACKAGES, None)
    print(json.dumps(report))


def main() -> None:
    if sys.argv[1:] == ["--self-check"]:
        return check()
    order = read_order()
    if os.getsid(0) != os.getpid():
        sys.exit("child: must be started in a session of its own")
    folder = os.path.realpath(order["folder"])
    os.chdir(folder)
    roots = readable(order["plugins"])
    descriptor = descriptors_from(socket.socket(fileno=os.dup(0)))
    take_connections_from(descriptor, order["proxy_port"])
    enter_cage(order, folder, roots)
    # Don't leave the library that can call the kernel to yt-dlp.
    cage.LIBRARY = None
    threading.Thread(target=watch, args=(order["wall_seconds"],), daemon=True).start()
    load_ciphers()
    sys.addaudithook(make_hook(folder, roots))
    import yt_dlp

    refuse_parts(yt_dlp.YoutubeDL)
    arguments = order["arguments"]
    if challenges.register(PACKAGES, lambda: descriptor(b"j")):
        # Otherwise yt-dlp would look for a program.
        arguments = ["--no-js-runtimes", "--js-runtimes", challenges.NAME, *arguments]
    yt_dlp.main(arguments)


if __name__ == "__main__":
    main()
