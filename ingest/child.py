"""Runs yt-dlp for a worker, within bounds that it cannot leave.

Standard input is one end of a pair of sockets. The order is one line of JSON on it: what to pass to yt-dlp, and the bounds.
It is not on the command line, where every user of the machine could read a customer's URL. What bounds it:

- the kernel, as `cage.py` asks it to, before any of yt-dlp's code is loaded;
- an audit hook, which Python cannot take off again: it connects to nothing, resolves no names, starts no programs,
  writes below its folder alone, reads that and what belongs to Python, and loads no native code;
- the worker, which holds the other end: when that is closed, or the time is over, the whole process group is killed.

It can make no connection. It asks the worker for one, by a byte, and is handed a descriptor that leads to the proxy. By another byte it
asks for one that leads to `solver.py`, which runs what sites want to be run as JavaScript; that process is not its own to start.

On success one line of JSON goes to standard output for each --print; yt-dlp's own exit status is the answer, 70 without a
cage. With --self-check it loads yt-dlp inside, and tells in one line of JSON what the kernel refuses.
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

# Started without `site`: whatever lies in yt-dlp's environment would run before the cage is shut.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cage  # noqa: E402
import challenges  # noqa: E402

sys.path.pop(0)

#: Where yt-dlp lies.
PACKAGES = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(sys.executable))),
    "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")

#: Starting anything, what goes out without connecting, and files that C code would open.
REFUSED = {
    "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn", "subprocess.Popen",
    "socket.bind", "socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
    "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo", "sqlite3.connect",
}

#: How bytes are handed to the ciphers, which were loaded before.
BUFFERS = {"ctypes.create_string_buffer", "ctypes.cdata/buffer"}

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


def readable(plugins: list) -> tuple:
    """Folders and files that Python itself reads."""
    paths = {__file__, sys.executable, sys.prefix, sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), PACKAGES, *sys.path, *plugins}
    certificates = ssl.get_default_verify_paths()
    paths |= {certificates.cafile, certificates.capath, certificates.openssl_cafile, certificates.openssl_capath}
    paths |= {"/usr/share/zoneinfo", "/etc/localtime", "/dev/urandom", *mimetypes.knownfiles}
    return tuple(os.path.realpath(path) for path in paths if path)


def make_hook(folder: str, roots: tuple):
    """What yt-dlp may do: write into its folder, and read what it consists of."""
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


def descriptors_from(worker: socket.socket) -> object:
    """What gives a descriptor of the kind that a byte asks the worker for: `c` a connection to the proxy, `j` one to who runs JavaScript."""
    lock = threading.Lock()

    def descriptor(kind: bytes) -> int:
        with lock:
            worker.send(kind)
            _, descriptors, _, _ = socket.recv_fds(worker, 1, 1, socket.MSG_CMSG_CLOEXEC)
        if not descriptors:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "the worker has none to give")
        return descriptors[0]

    return descriptor


def take_connections_from(descriptor: object, port: int) -> None:
    """From here on a stream is a connection that the worker made to the proxy at `port`, and leads nowhere else."""
    plain = socket.socket

    class HandedSocket(plain):
        """One that is connected from its beginning."""

        def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
            if fileno is None and family in (-1, socket.AF_INET) and type in (-1, socket.SOCK_STREAM):
                fileno = descriptor(b"c")
            super().__init__(family, type, proto, fileno)

        def connect(self, address):
            if tuple(address[:2]) != ("127.0.0.1", port):
                raise PermissionError("nothing but the proxy can be reached")

    def getaddrinfo(host, service, *_, **__):
        if host != "127.0.0.1":
            raise PermissionError("the proxy resolves names")
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, int(service)))]

    socket.socket, socket.getaddrinfo = HandedSocket, getaddrinfo


def watch(seconds: float) -> None:
    """Ends the process group when the worker goes, or when the time is over."""
    end = select.poll()
    # Not what can be read: that is the answer to somebody who asked for a connection.
    end.register(0, select.POLLRDHUP)
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if end.poll(left * 1000):
            break
    os.killpg(0, signal.SIGKILL)


def read_order() -> dict:
    line = b""
    while not line.endswith(b"\n"):
        # Byte by byte: nothing may stay in a buffer that the others do not see.
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
    """The one native library besides Python's own. Its loading is heard by the hook, which would refuse it: the cage is shut, so it comes before."""
    sys.path.append(PACKAGES)
    try:
        from Cryptodome.Cipher import AES, Blowfish, PKCS1_OAEP, PKCS1_v1_5  # noqa: F401
        from Cryptodome.Hash import CMAC, SHA1
        from Cryptodome.PublicKey import RSA  # noqa: F401

        # Each loads its part when it is used first.
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
    except Exception:  # there is none, or another version of it
        # Python decrypts by itself, slowly.
        pass


def refuse_parts(loader: type) -> None:
    """A recording that a site keeps in several parts is none that can be had whole: the first one alone must not pass for it."""
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
    """Shuts itself in, loads yt-dlp, and tells what holds."""
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
        sys.exit("not in a session of its own")
    folder = os.path.realpath(order["folder"])
    os.chdir(folder)
    roots = readable(order["plugins"])
    descriptor = descriptors_from(socket.socket(fileno=os.dup(0)))
    take_connections_from(descriptor, order["proxy_port"])
    enter_cage(order, folder, roots)
    # Nor is what called the kernel left about.
    cage.LIBRARY = None
    threading.Thread(target=watch, args=(order["wall_seconds"],), daemon=True).start()
    load_ciphers()
    sys.addaudithook(make_hook(folder, roots))
    import yt_dlp

    refuse_parts(yt_dlp.YoutubeDL)
    arguments = order["arguments"]
    if challenges.register(PACKAGES, lambda: descriptor(b"j")):
        # By itself it would look for a program.
        arguments = ["--no-js-runtimes", "--js-runtimes", challenges.NAME, *arguments]
    yt_dlp.main(arguments)


if __name__ == "__main__":
    main()
