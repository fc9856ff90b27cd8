"""What is measured: the same files copied, uploaded to a bare sink, and uploaded to Verbatim, each by itself and in turns."""

import contextlib
import filecmp
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from bench import processes
from bench.client import Client
from bench.cores import Cores
from bench.deployment import Deployment
from bench.program import run
from bench.run import Run
from bench.service import ServiceError

from .client import Upload, send
from .watch import Watch

ACCOUNTS = 10
"""Many uploads come from so many accounts. One alone may send 100 at once, and its probes run one at a time."""
COPY, SINK, VERBATIM = "copy", "sink", "verbatim"
_FORM_BYTES = 1_000
"""What a form has around its file, at most."""


@dataclass(frozen=True)
class Files:
    """The same recording under so many names."""

    name: str
    paths: list[pathlib.Path]

    @property
    def size(self) -> int:
        return self.paths[0].stat().st_size

    @property
    def total(self) -> int:
        return self.size * len(self.paths)


@dataclass(frozen=True)
class Measurement:
    contender: str
    files: str
    round: int
    megabytes: float
    seconds: float
    user_seconds: float
    """Of what takes the files: cp and sync, the sink, or Verbatim."""
    system_seconds: float
    probe_cpu_seconds: float
    client_cpu_seconds: float
    others_share: float
    steps: dict[str, float] = field(default_factory=dict)
    """Seconds until each step was over, in order."""
    memory: dict[str, int] = field(default_factory=dict)
    """Bytes."""

    @property
    def cpu_seconds(self) -> float:
        return self.user_seconds + self.system_seconds + self.probe_cpu_seconds

    def record(self) -> dict:
        return asdict(self)


class Bench:
    def __init__(self, run_: Run, folder: pathlib.Path) -> None:
        """Makes the accounts. `folder`: on the disk that is measured."""
        self._folder, self._database = folder, run_.arguments.database_pid
        self._spool, self._storage = folder / "scratch" / "uploads", folder / "storage"
        self._deployment = Deployment(run_.checkout, folder, run_.logs, run_.arguments.database_url)
        self._keys = [self._account(number) for number in range(ACCOUNTS)]

    def measure(self, contender: str, files: Files, turn: int) -> Measurement:
        """Files are in memory before, and nothing waits to be written. Raises `ServiceError` where something does not arrive as
        it was sent."""
        for path in files.paths[:1]:  # the others are the same file
            run(["cat", str(path)], keeps_output=False)
        self._use_memory(2 * files.total)
        with tidied(self._folder / "taken") as taken, tidied(self._folder / "curl") as place:
            measured = {COPY: self._copy, SINK: self._sink, VERBATIM: self._verbatim}[contender](files, taken, place)
            kept = sorted(self._storage.glob("tenants/*/jobs/*/source") if contender == VERBATIM else taken.iterdir())
            require_arrived(files, kept, around=_FORM_BYTES if contender == SINK else 0)
        shutil.rmtree(self._storage / "tenants", ignore_errors=True)
        return Measurement(contender, files.name, turn, files.total / 1e6, **measured)

    def _use_memory(self, bytes_: int) -> None:
        """Has the kernel use so much memory for a file, which goes again. On a virtual machine the first use of a page is slow:
        whoever writes after a deletion would find used ones, whoever writes before it would not."""
        path = self._folder / "used"
        with open(path, "wb") as file:
            block = bytes(1 << 20)
            for _ in range(bytes_ >> 20):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        os.sync()

    def _copy(self, files: Files, taken: pathlib.Path, _: pathlib.Path) -> dict:
        # No shared blocks, where a file system can do that: bytes are to be copied.
        with Cores(self._database) as cores:
            copied = run(["cp", "--reflink=never", *map(str, files.paths), str(taken)])
            synced = run(["sync", *(str(taken / path.name) for path in files.paths)])
        return {
            "seconds": copied.seconds + synced.seconds,
            "user_seconds": copied.user_seconds + synced.user_seconds,
            "system_seconds": copied.system_seconds + synced.system_seconds,
            "probe_cpu_seconds": 0.0,
            "client_cpu_seconds": 0.0,
            "others_share": cores.others_share,
            "steps": {"written": copied.seconds, "stored": copied.seconds + synced.seconds},
        }

    def _sink(self, files: Files, taken: pathlib.Path, place: pathlib.Path) -> dict:
        program = pathlib.Path(__file__).with_name("sink.py")
        command = [sys.executable, "-I", str(program), str(taken)]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as sink:
            try:
                url = f"http://127.0.0.1:{int(sink.stdout.readline())}/"
                with _Meter(sink.pid, self._database) as meter:
                    sent, answers = send([Upload(url, "none", path) for path in files.paths], place)
                memory = {"peak": processes.peak_bytes(sink.pid)}
            finally:
                sink.kill()
        steps = {"written": answers[0]["written"], "stored": answers[0]["flushed"]} if len(answers) == 1 else {}
        return {
            "seconds": sent.seconds,
            "client_cpu_seconds": sent.cpu_seconds,
            "steps": steps,
            "memory": memory,
            **meter.figures,
        }

    def _verbatim(self, files: Files, _: pathlib.Path, place: pathlib.Path) -> dict:
        service = self._deployment.start_api()
        try:
            tokens = [_log_in(service.address, key) for key in self._keys]
            uploads = [
                Upload(f"{service.address}/jobs", tokens[number % len(tokens)], path)
                for number, path in enumerate(files.paths)
            ]
            one_size = files.size if len(uploads) == 1 else None
            with _Meter(service.pid, self._database) as meter:
                with Watch(service.pid, self._spool, self._storage, one_size) as watch:
                    sent, _ = send(uploads, place)
        finally:
            service.stop()
        steps = {"written": watch.written, "probed": watch.probed, "stored": watch.stored}
        return {
            "seconds": sent.seconds,
            "client_cpu_seconds": sent.cpu_seconds,
            "steps": {name: seconds for name, seconds in steps.items() if seconds is not None},
            "memory": {
                "idle": watch.idle_bytes,
                "pss": watch.pss_bytes,
                "peak": watch.peak_bytes,
            },
            **meter.figures,
        }

    def _account(self, number: int) -> str:
        """The key of a new account with minutes for everything."""
        tenant = self._deployment.administer("tenant", "create", "--name", f"Account {number}", "--plan", "business")[
            "tenant_id"
        ]
        self._deployment.administer("quota", "set", "--tenant", tenant, "--monthly-minutes", "1000000")
        return self._deployment.administer("key", "issue", "--tenant", tenant, "--name", "uploads")["api_key"]


class _Meter:
    """What a server of uploads and its children use meanwhile, and what others do."""

    def __init__(self, pid: int, database: int) -> None:
        self._pid, self._cores = pid, Cores(database)
        self.figures: dict[str, float] = {}

    def __enter__(self) -> "_Meter":
        self._cores.__enter__()
        self._before = processes.times(self._pid)
        return self

    def __exit__(self, *error) -> None:
        self._cores.__exit__(*error)
        used = processes.times(self._pid) - self._before
        self.figures = {
            "user_seconds": used.user,
            "system_seconds": used.system,
            "probe_cpu_seconds": used.children,
            "others_share": self._cores.others_share,
        }


@contextlib.contextmanager
def tidied(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """An empty folder, which goes afterward."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def require_arrived(files: Files, kept: list[pathlib.Path], around: int = 0) -> None:
    """Raises `ServiceError` unless each file was kept once, byte for byte. Where up to so many bytes that were sent `around` it
    are kept, too, only the size is looked at."""
    if len(kept) != len(files.paths):
        raise ServiceError(f"{len(kept)} files were kept of {len(files.paths)} that were sent")
    for path in kept:
        if not 0 <= path.stat().st_size - files.size <= around:
            raise ServiceError(f"{path.stat().st_size} bytes were kept of {files.size}")
        if not around and not filecmp.cmp(files.paths[0], path, shallow=False):
            raise ServiceError("a kept file differs from the one that was sent")


def _log_in(address: str, key: str) -> str:
    return Client(address).post("/auth/token", {"api_key": key})["access_token"]
