"""A Ray of its own on the loopback, with the application of a configuration file. It ends when standard input closes.

    cluster.py serve-cpu.yaml Recognition.num_replicas=2 …

It takes a free port, and the changes to the file. It prints events as JSON lines: `listening` with the address; then `deployed` once all
is running, or `failed` with Ray's message. Each line on standard input is an order in JSON, which is answered by `accepted`:

- a list of changes deploys the file anew with them; then `deployed` or `failed`
- `"delete"` deletes the application
- `{"replicas":NAME}`: the process ids of a deployment's replicas, `replicas`
- `{"working":NAME}`: `working` with the process id of a replica, once it has worked for half a second"""

import json
import os
import pathlib
import queue
import secrets
import socket
import sys
import tempfile
import threading
import time

# Before Ray is imported. The first keeps Ray on the loopback; it is meant for other systems, and works on Linux, too.
os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_AUTH_MODE"] = "token"
os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)  # otherwise Ray writes one to the home folder
os.environ["OPENBLAS_NUM_THREADS"] = "1"
ROOT = pathlib.Path(__file__).resolve().parent.parent
os.environ["PYTHONPATH"] = str(ROOT)
sys.path.insert(0, str(ROOT))

import ray
import yaml
from ray import serve
from ray.serve.context import _get_global_client
from ray.serve.schema import ServeDeploySchema

_OBJECTS = 100_000_000  # bytes of shared memory
NAME = "verbatim"
# Ray prints on standard output, too.
events, sys.stdout = sys.stdout, sys.stderr


def tell(event: str, **fields) -> None:
    print(json.dumps({"event": event, **fields}), file=events, flush=True)


def configuration(file: str, changes: list[str]) -> dict:
    """Returns the file's application with changes like `Recognition.max_queued_requests=1`. An autoscaled deployment has one replica."""
    content = yaml.safe_load((ROOT / file).read_text())
    ServeDeploySchema.model_validate(content)
    application = content["applications"][0]
    deployments = {deployment["name"]: deployment for deployment in application["deployments"]}
    for deployment in deployments.values():
        if deployment.pop("autoscaling_config", None):
            deployment["num_replicas"] = 1
        deployment["ray_actor_options"] = {"num_cpus": 0}
    for change in changes:
        name, _, value = change.partition("=")
        place, _, field = name.partition(".")
        target = application["runtime_env"]["env_vars"] if place == "env" else deployments[place]
        target[field] = value if place == "env" else json.loads(value)
    return content


def deploy(content: dict) -> None:
    # What `serve deploy` calls, by way of the dashboard, which is not started here.
    _get_global_client().deploy_apps(ServeDeploySchema.model_validate(content))


def tell_the_end(content: dict) -> None:
    """Waits until the deployment has ended, well or not, and tells."""
    wanted = {deployment["name"]: deployment["num_replicas"] for deployment in content["applications"][0]["deployments"]}
    while not ended.is_set():
        application = serve.status().applications.get(NAME)
        if application is None:  # the one before it has just been deleted
            time.sleep(0.1)
            continue
        found = {name: deployment.replica_states for name, deployment in application.deployments.items()}
        # Old replicas are gone, too: Ray calls an application running while they drain.
        if application.status == "RUNNING" and found == {name: {"RUNNING": count} for name, count in wanted.items()}:
            tell("deployed")
            return
        if application.status == "DEPLOY_FAILED":
            messages = [deployment.message for deployment in application.deployments.values()]
            tell("failed", message="\n".join([application.message, *messages]))
            return
        time.sleep(0.1)


def replicas(name: str) -> list[int]:
    parents, found = {}, []
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parents[int(path.name)] = int(_stat(path.name)[1])
            if (path / "cmdline").read_bytes().decode(errors="replace").startswith(f"ray::ServeReplica:{NAME}:{name}"):
                found.append(int(path.name))
        except OSError:  # it has ended
            continue
    # Ray's own daemon is their parent, and a child of ours.
    return [pid for pid in found if parents.get(parents.get(pid)) == os.getpid()]


def working(name: str) -> int:
    enough = os.sysconf("SC_CLK_TCK") // 2
    before: dict[int, int] = {}
    while not ended.is_set():
        for pid in replicas(name):
            try:
                used = int(_stat(pid)[11])
            except OSError:
                continue
            if used - before.setdefault(pid, used) >= enough:
                return pid
        time.sleep(0.02)
    return 0


def _stat(pid: int | str) -> list[str]:
    """Returns the fields of /proc/PID/stat after the name: the state, the parent, …"""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def obey(order, file: str) -> None:
    tell("accepted")
    match order:
        case "delete":
            serve.delete(NAME, _blocking=False)
        case {"replicas": name}:
            tell("replicas", pids=replicas(name))
        case {"working": name}:
            tell("working", pid=working(name))
        case changes:
            content = configuration(file, changes)
            deploy(content)
            tell_the_end(content)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


orders: queue.SimpleQueue[str] = queue.SimpleQueue()
ended = threading.Event()


def listen() -> None:
    """Reads standard input to its end."""
    for line in sys.stdin:
        orders.put(line)
    ended.set()
    orders.put("")


def main() -> None:
    file, *changes = sys.argv[1:]
    content = configuration(file, changes)
    with tempfile.TemporaryDirectory(prefix="ray-") as folder:
        ray.init(
            num_cpus=4,
            include_dashboard=False,
            object_store_memory=_OBJECTS,
            _temp_dir=folder,
            log_to_driver=False,
            configure_logging=False,
        )
        try:
            port = free_port()
            serve.start(http_options={"host": "127.0.0.1", "port": port}, proxy_location="HeadOnly")
            threading.Thread(target=listen, daemon=True).start()
            deploy(content)
            tell("listening", address=f"127.0.0.1:{port}", logs=folder)
            tell_the_end(content)
            while line := orders.get():
                obey(json.loads(line), file)
        finally:
            ray.shutdown()


if __name__ == "__main__":
    main()
