"""A deployment of many nodes on this machine: `verbatim api` and `verbatim worker`, PgBouncer, PostgreSQL, an S3 server, a scripted model server, and a
customer's server. Between the nodes and what they need are relays, so that the network can fail."""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.service import plain_environment

from .database import Database
from .programs import Ports, Program, Speaking, answers, call

SMALL_DISK = 160 << 20  # bytes of the worker's disk that is filled
_PREFIX = "soak"


@dataclass
class Tenant:
    id: str
    name: str
    key: str
    secret: str
    hooks: str
    """How it is told of its jobs: "default" endpoint, "several" endpoints, or "own" webhook_url of each job."""
    endpoints: list[str] = field(default_factory=list)


class Deployment:
    def __init__(self, checkout: Path, folder: Path, logs: Path, database: Database, options) -> None:
        self._checkout, self._folder, self.logs, self.database, self._options = checkout, folder, logs, database, options
        self._ports = Ports()
        self._speaking: list[Speaking] = []
        self._watching = threading.Event()
        self._mounted: Path | None = None
        self.programs: dict[str, Program] = {}
        self.stalls: list[list[float]] = []
        """Moments, and how many seconds some process of this machine had waited for a core until then."""
        self.tenants: list[Tenant] = []
        self.arrivals = logs.parent / "arrivals.jsonl"
        self.recordings = folder / "recordings"
        self.recordings.mkdir()
        # A place that the database's user may enter, too; the run's folder may lie in somebody's home.
        self._open_folder = Path(tempfile.mkdtemp(prefix="verbatim-soak-"))
        self._open_folder.chmod(0o755)

    @property
    def apis(self) -> list[Program]:
        return [program for name, program in self.programs.items() if name.startswith("api")]

    @property
    def workers(self) -> list[Program]:
        return [program for name, program in self.programs.items() if name.startswith("worker")]

    @property
    def slots(self) -> int:
        """Of each worker."""
        return self._options.slots

    @property
    def addresses(self) -> list[str]:
        return [self._listens[api.name] for api in self.apis]

    def start(self) -> None:
        self._start_surroundings()
        self.database.prepare()
        self._environment = self._node_environment()
        self.administer("migrate")
        self.database.admit_nodes()
        self._listens = {}
        for number in range(1, self._options.api + 1):
            self._add_node(f"api-{number}", "api")
        for number in range(1, self._options.workers + 1):
            self._add_node(f"worker-{number}", "worker")
        for node in self.apis + self.workers:
            node.start()
        for node in self.apis + self.workers:
            node.wait()
        threading.Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        self._watching.set()
        for program in self.programs.values():
            if program.process and program.process.poll() is None:
                with contextlib.suppress(OSError):
                    program.process.kill()
                program.process.wait()
        release_disk(self._folder)
        shutil.rmtree(self._open_folder, ignore_errors=True)
        for speaking in self._speaking:
            speaking.stop()

    def administer(self, *arguments: str) -> subprocess.CompletedProcess:
        """Calls `verbatim-admin` as the tables' owner. Raises `OSError`."""
        done = self.try_to_administer(*arguments)
        if done.returncode != 0:
            raise OSError(f"verbatim-admin {' '.join(arguments[:2])} failed: {done.stderr.strip()[-300:]}")
        return done

    def try_to_administer(self, *arguments: str) -> subprocess.CompletedProcess:
        owner = self.database.url("verbatim_owner")
        environment = {
            **self._environment, "VERBATIM_DATABASE_URL": owner, "VERBATIM_DATABASE_DIRECT_URL": owner, "USER": "soak",
        }
        return subprocess.run(
            [str(self._program("verbatim-admin")), *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=120,
        )

    def add_tenant(self, name: str, plan: str, hooks: str, **limits: str) -> Tenant:
        identity = json.loads(self.administer("tenant", "create", "--name", name, "--plan", plan, "--json").stdout)["tenant_id"]
        key = json.loads(self.administer("key", "issue", "--tenant", identity, "--name", "soak", "--json").stdout)["api_key"]
        secret = json.loads(self.administer("webhook-secret", "create", "--tenant", identity, "--json").stdout)["secret"]
        if limits:
            settings = [word for limit, value in limits.items() for word in (f"--{limit.replace('_', '-')}", value)]
            self.administer("quota", "set", "--tenant", identity, *settings)
        tenant = Tenant(identity, name, key, secret, hooks)
        self.tenants.append(tenant)
        call(f"{self.receiver}/secrets", json.dumps({tenant.id: tenant.secret for tenant in self.tenants}).encode())
        return tenant

    def hook(self, tenant: Tenant, endpoint: str) -> str:
        return f"{self.receiver}/hook/{tenant.id}/{endpoint}"

    def relay(self, name: str, mode: str, **how: float) -> None:
        self._relays.ask({"relay": name, "mode": mode, **how})

    def calm(self) -> None:
        """The customer's server acknowledges everything from now on."""
        call(f"{self.receiver}/calm", b"")

    def objects(self) -> list[dict]:
        """What the object store has, each with its job and the time of its last change."""
        found = json.loads(call(f"{self._store.said['url']}/objects", timeout=30)[1])
        for item in found:
            parts = item["key"].split("/")
            item["job"] = parts[parts.index("jobs") + 1] if "jobs" in parts else None
        return [item for item in found if item["job"]]

    def age_objects(self, seconds: int) -> None:
        call(f"{self._store.said['url']}/age", str(seconds).encode(), timeout=30)

    @property
    def media_tool(self) -> Path:
        return self._program("verbatim-media")

    @property
    def store_process(self) -> subprocess.Popen:
        return self._store.process

    def wait_for_database(self) -> None:
        """Until it answers, also through the pooler."""
        pooled = f"postgresql://verbatim_service@127.0.0.1:{self._pooler_port}/{self.database.name}?sslmode=disable"
        self.database.wait(self.database.url("verbatim_service"), pooled)

    def model_faults(self) -> dict:
        return json.loads(call(f"http://127.0.0.1:{self._model_port}/faults")[1])

    def metrics(self, node: Program) -> dict[str, float]:
        """By name with labels."""
        text = call(f"{self._listens[node.name]}/metrics")[1].decode()
        pairs = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in pairs}

    def scratch(self, node: Program) -> Path:
        return self._folder / f"scratch-{node.name}"

    def fill_disk(self) -> int:
        """Fills the small disk, and answers how many bytes that took."""
        written = 0
        with contextlib.suppress(OSError), open(self._mounted / "filling", "wb", buffering=0) as file:
            while True:
                written += file.write(bytes(1 << 16))
        return written

    def free_disk(self) -> None:
        (self._mounted / "filling").unlink(missing_ok=True)

    @property
    def has_small_disk(self) -> bool:
        return self._mounted is not None

    def _start_surroundings(self) -> None:
        options = self._options
        store_python = self._checkout / "Tests" / "ObjectStore" / ".venv" / "bin" / "python"
        self._store = self._speak([str(store_python), "-B", str(self._checkout / "Tests" / "ObjectStore" / "serve.py")], "store")
        receiver = self._speak(
            self._python("receiver", "--file", str(self.arrivals), "--audio", str(self.recordings), "--seed", str(options.seed),
                         "--faults", str(options.webhook_faults)), "receiver")
        self.receiver = f"http://127.0.0.1:{receiver.said['port']}"
        self._model_port = self._ports.free()
        self.programs["model"] = Program(
            "model", self._python("model_server", "--port", str(self._model_port), "--pace", str(options.pace), "--faults",
                                  str(options.model_faults), "--seed", str(options.seed)),
            self._own_environment(), self.logs / "model.log", answers(f"http://127.0.0.1:{self._model_port}/health"))
        pooler_port = self._pooler_port = self._ports.free()
        self.programs["pooler"] = Program(
            "pooler", self._pooler_command(pooler_port), plain_environment(), self.logs / "pooler.log",
            lambda: _listens(pooler_port))
        targets = {
            "store": self._store.said["url"].rpartition(":")[2], "model": self._model_port, "pooler": pooler_port,
        }
        self._relay_ports = {name: self._ports.free() for name in targets}
        self._relays = self._speak(
            self._python("relay", *(f"{name}={self._relay_ports[name]}={target}" for name, target in targets.items())), "relays")
        for name in ("model", "pooler"):
            self.programs[name].start()
            self.programs[name].wait()

    def _pooler_command(self, port: int) -> list[str]:
        file = self._open_folder / "pgbouncer.ini"
        file.write_text(f"""[databases]
* = host={self.database.socket} user=verbatim_service

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 40
server_login_retry = 1
max_client_conn = 1000
""")
        program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if program is None:
            raise OSError("pgbouncer is not installed: apt-get install pgbouncer")
        return [program, *(["-u", self.database.user] if os.getuid() == 0 else []), str(file)]

    def _node_environment(self) -> dict[str, str]:
        return plain_environment(
            VERBATIM_DATABASE_URL=(
                f"postgresql://verbatim_service@127.0.0.1:{self._relay_ports['pooler']}/{self.database.name}?sslmode=disable"),
            VERBATIM_DATABASE_DIRECT_URL=self.database.url("verbatim_service"),
            VERBATIM_DATABASE_PREPARED_STATEMENTS="off",
            VERBATIM_DATABASE_IDLE_TIMEOUT="5s",
            VERBATIM_MASTER_KEY=secrets.token_hex(32),
            VERBATIM_STORAGE=f"s3://{self._store.said['bucket']}/{_PREFIX}",
            AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{self._relay_ports['store']}",
            AWS_ACCESS_KEY_ID=self._store.said["id"],
            AWS_SECRET_ACCESS_KEY=self._store.said["secret"],
            VERBATIM_INFERENCE_URL=f"http://127.0.0.1:{self._relay_ports['model']}",
            VERBATIM_WORKER_SLOTS=str(self._options.slots),
            VERBATIM_EGRESS_ALLOW="127.0.0.0/8",
            VERBATIM_SHUTDOWN_DELAY="1s",
            VERBATIM_SOURCE_RETENTION="20s",
        )

    def _add_node(self, name: str, role: str) -> None:
        port = self._ports.free()
        scratch = self._folder / f"scratch-{name}"
        scratch.mkdir(mode=0o700)
        environment = {**self._environment, "VERBATIM_SCRATCH": str(scratch)}
        environment["VERBATIM_LISTEN" if role == "api" else "VERBATIM_METRICS_LISTEN"] = f"127.0.0.1:{port}"
        if name == "worker-1" and self._options.full_disk:
            _as_root("mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK},mode=0700,uid={os.getuid()},gid={os.getgid()}", "tmpfs", str(scratch))
            self._mounted = scratch
            environment["VERBATIM_SCRATCH_BYTES"] = str(SMALL_DISK // 3)
        self._listens[name] = f"http://127.0.0.1:{port}"
        self.programs[name] = Program(
            name, [str(self._program("verbatim")), role], environment, self.logs / f"{name}.log", answers(f"{self._listens[name]}/readyz"))

    def _watch(self) -> None:
        while not self._watching.wait(0.2):
            self.stalls += stall()
            for program in list(self.programs.values()):
                program.look()
                if not program.has_been_ready:
                    program.is_ready()

    def _program(self, name: str) -> Path:
        return self._checkout / ".build" / "release" / name

    def _python(self, module: str, *arguments: str) -> list[str]:
        return [sys.executable, "-B", "-m", f"soak.{module}", *arguments]

    def _own_environment(self) -> dict[str, str]:
        return {**plain_environment(), "PYTHONPATH": os.pathsep.join(sys.path[:2]), "PYTHONSAFEPATH": "1"}

    def _speak(self, command: list[str], name: str) -> Speaking:
        speaking = Speaking(command, self._own_environment(), self.logs / f"{name}.log")
        self._speaking.append(speaking)
        return speaking


def stall() -> list[list[float]]:
    """One moment for `stalls`; none where the kernel does not say it."""
    with contextlib.suppress(OSError), open("/proc/pressure/cpu", encoding="ascii") as file:
        return [[time.time(), int(file.readline().rpartition("total=")[2]) / 1e6]]
    return []


def release_disk(folder: Path) -> None:
    """Takes away the small disk of a run with this folder; also what a killed run left."""
    for scratch in folder.glob("scratch-*"):
        if os.path.ismount(scratch):
            _as_root("umount", "-l", str(scratch))


def _as_root(*command: str) -> None:
    prefix = [] if os.getuid() == 0 else ["sudo", "-n", "--"]
    done = subprocess.run([*prefix, *command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        raise OSError(f"{command[0]} failed: {done.stderr.strip()[-200:]}; a full disk takes root, or sudo without a password; "
                      "--no-full-disk leaves it out")


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2):
        return True
    return False
